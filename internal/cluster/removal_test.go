// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
)

// testRemoval keeps, deletes and puts back what a revision is made of.
func testRemoval(t *testing.T, c *Cluster) {
	if _, err := c.Create(t.Context(), v1alpha1.MeshUpgrade{ObjectMeta: metav1.ObjectMeta{Name: "leaving"}, Spec: v1alpha1.MeshUpgradeSpec{Revision: "new"}}); err != nil {
		t.Fatal(err)
	}
	c.Removing = "leaving"
	defer func() { c.Removing = "" }()
	own := map[string]string{mesh.RevisionLabel: "gone", componentLabel: pilot}
	configMap(t, c, "istio-gone", own, map[string]string{"mesh": "trustDomain: a"})
	configMap(t, c, "gateway", map[string]string{mesh.RevisionLabel: "gone", componentLabel: "IngressGateways"}, nil)
	configMap(t, c, "plain", nil, nil)
	released(t, c, "gone")

	want := []string{"ConfigMap istio-system/istio-gone", "ClusterRole istiod-gone", "Secret istio-system/sh.helm.release.v1.istiod-gone.v1"}
	owned := func() []string {
		w, err := c.Observe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, b := range w.Own("gone") {
			list = append(list, b.Subject())
		}
		return list
	}
	if got := owned(); !slices.Equal(got, want) {
		t.Fatalf("of it there is %q", got)
	}
	w, _ := c.Observe(t.Context())
	for _, b := range w.Own("gone") {
		changes, err := plan.Render(plan.Step{Kind: plan.Remove, Subject: b.Subject(), From: b.UID, To: "gone"}, plan.Target{}, c.Now())
		if err != nil {
			t.Fatal(err)
		}
		other := changes[1]
		other.Expect = "another"
		if err := c.Act(t.Context(), other); !errors.Is(err, engine.ErrDisturbed) {
			t.Errorf("%s of another UID is taken away: %v", b.Subject(), err)
		}
		for _, change := range append(changes, changes...) { // again, as after a crash
			if err := c.Act(t.Context(), change); err != nil && !errors.Is(err, engine.ErrDisturbed) {
				t.Fatal(err)
			}
		}
	}
	if got := owned(); len(got) != 0 {
		t.Errorf("left is %q", got)
	}
	w, err := c.Observe(t.Context())
	if err != nil || len(w.Lost("gone")) != 3 {
		t.Fatalf("kept: %v, %v", w.Kept, err)
	}
	if err := c.Act(t.Context(), plan.Change{Verb: plan.Restore, Kind: "Revision", Name: "gone"}); err != nil {
		t.Fatal(err)
	}
	if got := owned(); !slices.Equal(got, want) {
		t.Errorf("back is %q", got)
	}
	m, err := c.core.ConfigMaps(c.Root).Get(t.Context(), "istio-gone", metav1.GetOptions{})
	if err != nil || m.Data["mesh"] != "trustDomain: a" {
		t.Errorf("it came back as %v, %v", m.Data, err)
	}
	testRemovalOfOthers(t, c)
	if err := c.Act(t.Context(), plan.Change{Verb: plan.Restore, Kind: "Revision", Name: "never"}); !errors.Is(err, engine.ErrRefused) {
		t.Errorf("what was never kept comes back: %v", err)
	}
}

// testRemovalOfOthers sees that what Flux keeps is Flux's, with Helm's memory of it.
func testRemovalOfOthers(t *testing.T, c *Cluster) {
	released(t, c, "flux")
	configMap(t, c, "istio-flux", map[string]string{mesh.RevisionLabel: "flux", componentLabel: pilot, "helm.toolkit.fluxcd.io/name": "istiod"}, nil)
	w, err := c.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	hands := map[string]string{}
	for _, b := range w.Own("flux") {
		hands[b.Kind] = b.Hands
	}
	if want := map[string]string{"ConfigMap": "Flux (istiod)", "ClusterRole": "Flux (istiod)", "Secret": "Flux (istiod)"}; !maps.Equal(hands, want) {
		t.Errorf("of what Flux keeps: %v", hands)
	}
}

func configMap(t *testing.T, c *Cluster, name string, labels, data map[string]string) {
	t.Helper()
	_, err := c.core.ConfigMaps(c.Root).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Data: data},
		metav1.CreateOptions{FieldManager: v1alpha1.FieldManager})
	if err != nil {
		t.Fatal(err)
	}
}

// released is Helm's release of an istiod, with a ClusterRole that bears no label
// of its revision, and a tag that is not to go along.
func released(t *testing.T, c *Cluster, revision string) {
	t.Helper()
	plane := "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: istiod-%[1]s, labels: {app: istiod, istio.io/rev: %[1]s}}\n---\n" +
		"apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: istiod-%[1]s}\n---\n" +
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: tagged-%[1]s}\n---\n" +
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio-%[1]s}\n"
	configMap(t, c, "tagged-"+revision, map[string]string{tagLabel: "prod", mesh.RevisionLabel: revision}, nil)
	_, err := c.plain.Post().AbsPath("/apis/rbac.authorization.k8s.io/v1/clusterroles").Param("fieldManager", v1alpha1.FieldManager).
		Body(body(t, rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "istiod-" + revision}})).Do(t.Context()).Raw()
	if err != nil {
		t.Fatal(err)
	}
	release := gzipped(t, body(t, map[string]any{"name": "istiod-" + revision, "manifest": fmt.Sprintf(plane, revision)}))
	_, err = c.core.Secrets(c.Root).Create(t.Context(), &corev1.Secret{Type: releaseType, ObjectMeta: metav1.ObjectMeta{Name: "sh.helm.release.v1.istiod-" + revision + ".v1",
		Labels: map[string]string{"owner": "helm", "name": "istiod-" + revision, "status": "deployed"}},
		Data: map[string][]byte{"release": []byte(base64.StdEncoding.EncodeToString(release))}}, metav1.CreateOptions{FieldManager: v1alpha1.FieldManager})
	if err != nil {
		t.Fatal(err)
	}
}

func body(t *testing.T, object any) []byte {
	t.Helper()
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func gzipped(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
