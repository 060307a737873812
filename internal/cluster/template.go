// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/mesh"
)

// templateOf is a pod template in the mesh's terms.
func templateOf(t *corev1.PodTemplateSpec) mesh.Template {
	proxy, ok := proxyIn(&t.Spec)
	return mesh.Template{
		Hash:        hashOf(t),
		Labels:      t.Labels,
		Annotations: t.Annotations,
		HostNetwork: t.Spec.HostNetwork,
		Containers:  containersOf(&t.Spec),
		Proxy:       ok && proxy.Image != autoImage && proxy.Image != "",
	}
}

// hashOf is the digest of a template as it is stored, restart stamps included.
// A typed template's JSON is canonical: fields in their order, keys sorted. Half
// of what MeshUpgrades hold are such digests, so they are no longer than it takes
// to tell the templates of one workload apart.
func hashOf(t *corev1.PodTemplateSpec) string {
	text, err := json.Marshal(t)
	if err != nil {
		panic("write a pod template as JSON: " + err.Error()) // it was read from JSON
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// containersOf lists the application's own containers.
func containersOf(s *corev1.PodSpec) []mesh.Container {
	var list []mesh.Container
	for _, c := range s.Containers {
		if c.Name != proxyContainer {
			list = append(list, mesh.Container{Name: c.Name, PreStop: c.Lifecycle != nil && c.Lifecycle.PreStop != nil})
		}
	}
	return list
}

// stampOf reads the stamp that a restart of ours left on a template.
func stampOf(annotations map[string]string) mesh.RestartAnnotation {
	at, err := time.Parse(time.RFC3339, annotations[v1alpha1.AnnotationRestartedAt])
	if err != nil {
		at = time.Time{}
	}
	return mesh.RestartAnnotation{Run: annotations[v1alpha1.AnnotationRun], At: at}
}
