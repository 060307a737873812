// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// What a template sets of its own for the proxy that the injection completes.
func TestTemplateOfAnInjectedGateway(t *testing.T) {
	hook := &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 20}}}
	env := []corev1.EnvVar{{Name: "MINIMUM_DRAIN_DURATION", Value: "20s"}}
	for _, c := range []struct {
		name      string
		proxy     corev1.Container
		config    string
		container mesh.ProxyContainer
		settings  mesh.ProxySettings
	}{
		{name: "no policy", proxy: corev1.Container{Image: "auto"}, container: mesh.ProxyContainer{PullPolicy: "Always"}},
		{
			name: "a policy and a hook", proxy: corev1.Container{Image: "auto", ImagePullPolicy: corev1.PullIfNotPresent, Lifecycle: hook},
			container: mesh.ProxyContainer{PullPolicy: "IfNotPresent", PreStop: true},
		},
		{name: "an image of its own", proxy: corev1.Container{Image: "proxyv2:1.29.1", ImagePullPolicy: corev1.PullAlways, Lifecycle: hook}},
		{
			name:      "an annotation, and the environment before it",
			proxy:     corev1.Container{Image: "auto", ImagePullPolicy: corev1.PullNever, Env: env},
			config:    "terminationDrainDuration: 25s\nproxyMetadata: {EXIT_ON_ZERO_ACTIVE_CONNECTIONS: 'true', MINIMUM_DRAIN_DURATION: 9s}\n",
			container: mesh.ProxyContainer{PullPolicy: "Never"},
			settings:  mesh.ProxySettings{Drain: 25 * time.Second, ExitOnZero: "true", MinimumDrain: 20 * time.Second},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var template corev1.PodTemplateSpec
			c.proxy.Name = "istio-proxy"
			template.Spec.Containers = []corev1.Container{c.proxy}
			template.Annotations = map[string]string{step.ConfigAnnotation: c.config}
			got := templateOf(&template)
			if got.ProxyContainer != c.container || got.ProxySettings != c.settings {
				t.Errorf("got %+v and %+v, want %+v and %+v", got.ProxyContainer, got.ProxySettings, c.container, c.settings)
			}
		})
	}
}
