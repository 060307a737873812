// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestBundled(t *testing.T) {
	env := func(container, value string) *corev1.PodSpec {
		return &corev1.PodSpec{Containers: []corev1.Container{{Name: container, Env: []corev1.EnvVar{{Name: bundleEnv, Value: value}}}}}
	}
	if !Bundled(env("discovery", "true")) || Bundled(env("discovery", "false")) || Bundled(env("other", "true")) {
		t.Error("istiod's own variable decides")
	}
}
