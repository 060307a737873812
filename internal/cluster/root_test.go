// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/mesh"
)

// testRoots: discoverySelectors need not select the root namespace; the mesh's root
// is then where proxies are, and nowhere where all of it is bundled.
func testRoots(t *testing.T, c *Cluster) {
	labelled(t, c, "rooted", nil)
	pem := sign(t, nil, "", time.Now().Add(time.Hour)).pem()
	_, err := c.core.ConfigMaps("rooted").Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: rootConfigMap},
		Data: map[string]string{rootKey: string(pem)}}, metav1.CreateOptions{FieldManager: v1alpha1.FieldManager})
	if err != nil {
		t.Fatal(err)
	}
	pods := []pod{{namespace: "unrooted", Pod: mesh.Pod{Sidecar: mesh.Sidecar{Present: true}}}, {namespace: "rooted", Pod: mesh.Pod{Sidecar: mesh.Sidecar{Present: true}}}, {namespace: "bare"}}
	for name, test := range map[string]struct {
		planes []plane
		roots  []byte
		want   []byte
	}{
		"the root namespace has one": {[]plane{{revision: "a"}}, []byte("own"), []byte("own")},
		"it has none":                {[]plane{{revision: "a"}}, nil, pem},
		"one of two is bundled":      {[]plane{{revision: "a"}, {revision: "b", bundled: true}}, nil, pem},
		"all is bundled":             {[]plane{{revision: "b", bundled: true}}, []byte("left over"), nil},
	} {
		l := &look{planes: test.planes, roots: test.roots, found: readings{pods: pods}}
		if err := c.readRootsElsewhere(t.Context(), l); err != nil || !bytes.Equal(l.roots, test.want) || !slices.Equal(l.world.Roots, fingerprints(test.want)) {
			t.Errorf("%s: %v, %q", name, err, l.roots)
		}
	}
}

func TestBundled(t *testing.T) {
	env := func(container, value string) *corev1.PodSpec {
		return &corev1.PodSpec{Containers: []corev1.Container{{Name: container, Env: []corev1.EnvVar{{Name: bundleEnv, Value: value}}}}}
	}
	if !bundled(env("discovery", "true")) || bundled(env("discovery", "false")) || bundled(env("other", "true")) {
		t.Error("istiod's own variable decides")
	}
}
