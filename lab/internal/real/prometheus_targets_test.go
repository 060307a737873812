// SPDX-License-Identifier: Apache-2.0

package real

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func testPod(name string, labels map[string]string, phase corev1.PodPhase, ip string, init, main []corev1.ContainerPort) corev1.Pod {
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: name, Labels: labels, Annotations: map[string]string{"istio.io/rev": "1-29-1"}},
		Spec: corev1.PodSpec{
			InitContainers: []corev1.Container{{Ports: init}},
			Containers:     []corev1.Container{{Ports: main}},
		},
		Status: corev1.PodStatus{Phase: phase, PodIP: ip},
	}
}

func TestScrapeTargets(t *testing.T) {
	envoy := []corev1.ContainerPort{{Name: "http-envoy-prom", ContainerPort: 15090}}
	istiod := map[string]string{"app": "istiod", "istio.io/rev": "1-31-0"}
	got := scrapeTargets([]corev1.Pod{
		testPod("istiod", istiod, corev1.PodRunning, "10.0.0.1", nil, nil),
		testPod("native", nil, corev1.PodRunning, "10.0.0.2", envoy, nil),
		testPod("plain", nil, corev1.PodRunning, "10.0.0.3", nil, envoy),
		testPod("no-proxy", nil, corev1.PodRunning, "10.0.0.4", nil, nil),
		testPod("pending", nil, corev1.PodPending, "", envoy, nil),
		testPod("completed", nil, corev1.PodSucceeded, "10.0.0.5", envoy, nil),
	})
	of := func(addr, job, path, name, revision string) target {
		return target{Targets: []string{addr}, Labels: map[string]string{
			"job": job, "__metrics_path__": path, "namespace": "n", "pod": name, "revision": revision,
		}}
	}
	want := []target{
		of("10.0.0.1:15014", "istiod", "/metrics", "istiod", "1-31-0"),
		of("10.0.0.2:15090", "proxies", "/stats/prometheus", "native", "1-29-1"),
		of("10.0.0.3:15090", "proxies", "/stats/prometheus", "plain", "1-29-1"),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
