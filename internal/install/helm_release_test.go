// SPDX-License-Identifier: Apache-2.0

package install

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/release/common"
	release "helm.sh/helm/v4/pkg/release/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/rest"
)

// helmSecret returns a version of the old revision's release, as Helm stores it.
func helmSecret(t *testing.T, n int, status common.Status) corev1.Secret {
	t.Helper()
	return helmSecretOf(t, n, status, map[string]any{"given": fmt.Sprint("to version ", n)})
}

func helmSecretOf(t *testing.T, n int, status common.Status, values map[string]any) corev1.Secret {
	t.Helper()
	return secretOf(t, &release.Release{Name: "istiod-1-29-1", Namespace: "istio-system", Version: n, Info: &release.Info{Status: status},
		Config: values,
		Chart:  &chart.Chart{Metadata: &chart.Metadata{Name: "istiod", Version: "1.29.1", APIVersion: "v2"}}})
}

// secretOf returns a release as Helm stores it.
func secretOf(t *testing.T, r *release.Release) corev1.Secret {
	t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if err := json.NewEncoder(z).Encode(r); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return corev1.Secret{Type: "helm.sh/release.v1",
		Data: map[string][]byte{"release": []byte(base64.StdEncoding.EncodeToString(packed.Bytes()))},
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("sh.helm.release.v1.%s.v%d", r.Name, r.Version), Namespace: "istio-system",
			Labels: map[string]string{"owner": "helm", "name": r.Name, "status": string(r.Info.Status), "version": fmt.Sprint(r.Version)}}}
}

// istiodOfRelease returns the istiod of the old revision, owned by a Helm release.
func istiodOfRelease(name string) *unstructured.Unstructured {
	istiod := object("apps/v1", "Deployment", "istio-system", "istiod-1-29-1", "app", "istiod", revisionLabel, "1-29-1")
	istiod.SetAnnotations(map[string]string{releaseAnnotation: name, releaseNamespaceAnnotation: "istio-system"})
	return istiod
}

// serveHelmSecrets starts an API server that has nothing but Helm's Secrets.
func serveHelmSecrets(t *testing.T, versions ...corev1.Secret) *rest.Config {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wanted, err := labels.Parse(r.URL.Query().Get("labelSelector"))
		if err != nil {
			t.Error(err)
		}
		list := corev1.SecretList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "SecretList"},
			Items: slices.DeleteFunc(slices.Clone(versions),
				func(s corev1.Secret) bool { return !wanted.Matches(labels.Set(s.Labels)) })}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(list); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return &rest.Config{Host: server.URL}
}

// Values are inherited from the version that was deployed. Those of a failed or unfinished upgrade may
// not be in use.
func TestValuesOfFailedUpgradeAreNotInherited(t *testing.T) {
	istiod := istiodOfRelease("istiod-1-29-1")
	tests := []struct {
		name     string
		versions []common.Status
		want     string
		note     string // "" for none
	}{
		{name: "deployed", versions: []common.Status{common.StatusSuperseded, common.StatusDeployed}, want: "2"},
		{name: "an upgrade failed", versions: []common.Status{common.StatusDeployed, common.StatusFailed}, want: "1",
			note: "version 2 of Helm release istio-system/istiod-1-29-1, its newest, is failed: the values of version 1 are inherited"},
		{name: "an upgrade goes on", versions: []common.Status{common.StatusDeployed, common.StatusPendingUpgrade}, want: "1",
			note: "is pending-upgrade: the values of version 1 are inherited"},
		{name: "nothing was ever deployed", versions: []common.Status{common.StatusFailed}, want: "1",
			note: "is failed: the values of version 1 are inherited"},
	}
	for _, tt := range tests {

		t.Run(tt.name, func(t *testing.T) {
			var versions []corev1.Secret
			for n, status := range tt.versions {
				versions = append(versions, helmSecret(t, n+1, status))
			}
			i := helmInstaller(nil)
			i.RevisionsInUse, i.Cluster, i.Config = []string{"1-29-1"}, fakeCluster(istiod), serveHelmSecrets(t, versions...)
			d := Draft{Revision: "1-31-0"}
			if err := i.inheritValues(t.Context(), &d, helmTask{}); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(d.Inherited.Lines(), " "); got != "given=to version "+tt.want {
				t.Errorf("inherited: got %q from %s", got, d.Inherited.From)
			}
			if note := strings.Join(d.Notes, ""); tt.note == "" && note != "" || !strings.Contains(note, tt.note) {
				t.Errorf("notes %q", d.Notes)
			}
		})
	}
}
