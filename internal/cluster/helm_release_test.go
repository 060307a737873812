// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"github.com/rerig/rerig/internal/mesh"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"slices"
	"strings"
	"testing"
)

const (
	istiodDocument = "---\n# Source: mesh/charts/istiod/templates/deployment.yaml\n" +
		"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: istiod-old, labels: {app: istiod, istio.io/rev: old}}\n"
	roleDocument = "---\n# Source: mesh/charts/istiod/templates/clusterrole.yaml\n" +
		"apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: istiod-old}\n"
	gatewayDocument = "---\n# Source: mesh/charts/gateway/templates/deployment.yaml\n" +
		"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ingress, labels: {app: ingress}}\n"
	baseDocument = "---\n# Source: mesh/charts/base/templates/reader.yaml\n" +
		"apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: istio-reader-service-account}\n"
)

// Other objects of a release are not part of the control plane, and make the release
// Helm's alone.
func TestReleaseWithOtherObjects(t *testing.T) {
	bare := func(manifest string) string {
		var lines []string
		for line := range strings.Lines(manifest) {
			if !strings.HasPrefix(line, "# Source") {
				lines = append(lines, line)
			}
		}
		return strings.Join(lines, "")
	}
	for _, c := range []struct {
		name     string
		manifest string
		own      []string
		other    string
	}{
		{"alone", istiodDocument + roleDocument, []string{"istiod-old", "istiod-old"}, ""},
		{"with a gateway", gatewayDocument + istiodDocument + roleDocument, []string{"istiod-old", "istiod-old"}, "Deployment ingress"},
		{"with the base", istiodDocument + baseDocument, []string{"istiod-old"}, "ServiceAccount istio-reader-service-account"},
		{"rewritten, alone", bare(istiodDocument + roleDocument), []string{"istiod-old", "istiod-old"}, ""},
		{"rewritten, with a gateway", bare(istiodDocument + roleDocument + gatewayDocument), nil, "Deployment ingress"},
		{"without an istiod", gatewayDocument, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			objects, err := parseManifest(c.manifest)
			if err != nil {
				t.Fatal(err)
			}
			planes := planesIn(objects)
			if len(planes) == 0 {
				if c.own != nil || c.other != "" {
					t.Fatal("no control plane was found")
				}
				return
			}
			var own []string
			for _, o := range planes[0].objects {
				own = append(own, o.GetName())
			}
			if !slices.Equal(own, c.own) || planes[0].other != c.other || planes[0].revision != "old" {
				t.Errorf("%q of %s, beside %q", own, planes[0].revision, planes[0].other)
			}
		})
	}
}

// The Secrets of a release are managed by the tool that manages the release, and stay
// if the release holds more than the control plane.
func TestReleaseManagerOwnsAll(t *testing.T) {
	secrets := []corev1.Secret{
		{ObjectMeta: metav1.ObjectMeta{Namespace: "istio-system", Name: "sh.helm.release.v1.old.v7", Labels: map[string]string{"name": "old"}}},
		{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: "istio-system",
				Name:      "sh.helm.release.v1.other.v1",
				Labels:    map[string]string{"name": "other"},
			},
		},
	}
	const helm = "Helm release istio-system/old, which holds other objects too (Deployment ingress)"
	for _, c := range []struct {
		name           string
		manager, other string
		want           []string // who keeps the Deployment, the ClusterRole, and the Secret where it is listed
	}{
		{"nobody's", "", "", []string{"", "", ""}},
		{"Sail's", "the Sail operator", "", []string{"the Sail operator", "the Sail operator", "the Sail operator"}},
		{"with a gateway", "", "Deployment ingress", slices.Repeat([]string{helm}, 2)},
		{"Sail's, and more", "the Sail operator", "Deployment ingress", slices.Repeat([]string{helm}, 2)},
	} {
		t.Run(c.name, func(t *testing.T) {
			own := []mesh.Component{{Kind: "Deployment", Name: "istiod-old", ManagedBy: c.manager}, {Kind: "ClusterRole", Name: "istiod-old"}}
			var got []string
			for _, b := range withRelease("istio-system/old", helmPlane{revision: "old", other: c.other}, own, secrets) {
				got = append(got, b.ManagedBy)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q", got)
			}
		})
	}
	one := []mesh.Component{{Kind: "Deployment", Name: "istiod-old", Revision: "old"}}
	other := []mesh.Component{{Kind: "Deployment", Name: "istiod-old", Revision: "old", ManagedBy: "Flux", Shared: true}}
	if list := mergeComponents(one, other); len(list) != 1 || list[0].ManagedBy != "Flux" || !list[0].Shared {
		t.Errorf("twice seen it is %v", list)
	}
}
