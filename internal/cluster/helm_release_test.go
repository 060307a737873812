// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/mesh"
)

const (
	istiodDocument  = "---\n# Source: mesh/charts/istiod/templates/deployment.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: istiod-old, labels: {app: istiod, istio.io/rev: old}}\n"
	roleDocument    = "---\n# Source: mesh/charts/istiod/templates/clusterrole.yaml\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: istiod-old}\n"
	gatewayDocument = "---\n# Source: mesh/charts/gateway/templates/deployment.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ingress, labels: {app: ingress}}\n"
	baseDocument    = "---\n# Source: mesh/charts/base/templates/reader.yaml\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: istio-reader-service-account}\n"
)

// What a release holds beside its control plane is not of the control plane, and
// then the release is Helm's to change.
func TestReleasesThatHoldMore(t *testing.T) {
	bare := func(manifest string) string {
		var lines []string
		for line := range strings.Lines(manifest) {
			if !strings.HasPrefix(line, "# Source") {
				lines = append(lines, line)
			}
		}
		return strings.Join(lines, "")
	}
	for name, c := range map[string]struct {
		manifest string
		own      []string
		other    string
	}{
		"alone":                     {istiodDocument + roleDocument, []string{"istiod-old", "istiod-old"}, ""},
		"with a gateway":            {gatewayDocument + istiodDocument + roleDocument, []string{"istiod-old", "istiod-old"}, "Deployment ingress"},
		"with the base":             {istiodDocument + baseDocument, []string{"istiod-old"}, "ServiceAccount istio-reader-service-account"},
		"rewritten, alone":          {bare(istiodDocument + roleDocument), []string{"istiod-old", "istiod-old"}, ""},
		"rewritten, with a gateway": {bare(istiodDocument + roleDocument + gatewayDocument), nil, "Deployment ingress"},
		"without an istiod":         {gatewayDocument, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
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

// The Secrets of a release are theirs who keep the release, and stay with one
// that holds more than the control plane.
func TestReleaseIsTheirsAsAWhole(t *testing.T) {
	secrets := []corev1.Secret{{ObjectMeta: metav1.ObjectMeta{Namespace: "istio-system", Name: "sh.helm.release.v1.old.v7", Labels: map[string]string{"name": "old"}}},
		{ObjectMeta: metav1.ObjectMeta{Namespace: "istio-system", Name: "sh.helm.release.v1.other.v1", Labels: map[string]string{"name": "other"}}}}
	for name, c := range map[string]struct {
		manager, other string
		want           []string // who keeps the Deployment, the ClusterRole, and the Secret where it is listed
	}{
		"nobody's":         {"", "", []string{"", "", ""}},
		"Sail's":           {"the Sail operator", "", []string{"the Sail operator", "the Sail operator", "the Sail operator"}},
		"with a gateway":   {"", "Deployment ingress", slices.Repeat([]string{"Helm release istio-system/old, which holds other objects too (Deployment ingress)"}, 2)},
		"Sail's, and more": {"the Sail operator", "Deployment ingress", slices.Repeat([]string{"Helm release istio-system/old, which holds other objects too (Deployment ingress)"}, 2)},
	} {
		t.Run(name, func(t *testing.T) {
			own := []mesh.Component{{Kind: "Deployment", Name: "istiod-old", ManagedBy: c.manager}, {Kind: "ClusterRole", Name: "istiod-old"}}
			var got []string
			for _, b := range withRelease("istio-system/old", releasedPlane{revision: "old", other: c.other}, own, secrets) {
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
