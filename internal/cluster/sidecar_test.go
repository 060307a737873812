// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"github.com/google/go-cmp/cmp"
	"github.com/rerig/rerig/internal/mesh"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"strings"
	"testing"
)

const status131 = `{"initContainers":["istio-init","istio-proxy"],"containers":null,"volumes":["workload-socket"],
"imagePullSecrets":null,"revision":"1-31-0"}`

func TestSidecar(t *testing.T) {
	proxy := []corev1.Container{{Name: "istio-proxy", Image: "docker.io/istio/proxyv2:1.31.0"}}
	app := []corev1.Container{{Name: "web", Image: "web:7"}}
	tests := []struct {
		name        string
		annotations map[string]string
		spec        corev1.PodSpec
		want        mesh.Sidecar
	}{
		{
			"native",
			map[string]string{"istio.io/rev": "1-31-0"},
			corev1.PodSpec{InitContainers: proxy, Containers: app},
			mesh.Sidecar{Present: true, Revision: "1-31-0", Version: "1.31.0"},
		},
		{
			"by its status",
			map[string]string{"sidecar.istio.io/status": status131},
			corev1.PodSpec{Containers: append(app, proxy...)},
			mesh.Sidecar{Present: true, Revision: "1-31-0", Version: "1.31.0"},
		},
		{
			"before 1.11",
			map[string]string{"sidecar.istio.io/status": `{"version":"abc"}`},
			corev1.PodSpec{Containers: proxy},
			mesh.Sidecar{Present: true, Version: "1.31.0"},
		},
		{
			"of another mesh",
			map[string]string{"istio.io/rev": "blue"},
			corev1.PodSpec{Containers: []corev1.Container{{Name: "istio-proxy", Env: []corev1.EnvVar{
				{Name: "PROXY_CONFIG", Value: `{"discoveryAddress":"istiod-blue.mesh-b.svc:15012"}`}, {Name: "CA_ADDR", Value: "ca.example:443"},
			}}}},
			mesh.Sidecar{Present: true, Revision: "blue", Mesh: "mesh-b"},
		},
		{
			"by the address of its CA",
			map[string]string{"istio.io/rev": "blue"},
			corev1.PodSpec{Containers: []corev1.Container{{Name: "istio-proxy", Env: []corev1.EnvVar{
				{Name: "PROXY_CONFIG", Value: "{}"}, {Name: "CA_ADDR", Value: "istiod-blue.mesh-b.svc.cluster.local:15012"},
			}}}},
			mesh.Sidecar{Present: true, Revision: "blue", Mesh: "mesh-b"},
		},
		{
			"with the CA of another product",
			map[string]string{"istio.io/rev": "blue"},
			corev1.PodSpec{Containers: []corev1.Container{{Name: "istio-proxy", Env: []corev1.EnvVar{
				{Name: "CA_ADDR", Value: "cert-manager-istio-csr.cert-manager.svc:443"},
			}}}},
			mesh.Sidecar{Present: true, Revision: "blue"},
		},
		{"an annotation that is no sidecar", map[string]string{"istio.io/rev": "1-31-0"}, corev1.PodSpec{Containers: app}, mesh.Sidecar{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: test.annotations}, Spec: test.spec}
			if diff := cmp.Diff(test.want, sidecarOf(p)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestGateway(t *testing.T) {
	router := corev1.PodSpec{Containers: []corev1.Container{{Name: "istio-proxy", Args: []string{"proxy", "router", "--domain"}}}}
	sidecar := corev1.PodSpec{InitContainers: []corev1.Container{{Name: "istio-proxy", Args: []string{"proxy", "sidecar"}}}}
	tests := []struct {
		name string
		meta metav1.ObjectMeta
		spec corev1.PodSpec
		want bool
	}{
		{"rendered", metav1.ObjectMeta{}, router, true},
		{"injected", metav1.ObjectMeta{Annotations: map[string]string{"inject.istio.io/templates": "custom, gateway"}}, corev1.PodSpec{}, true},
		{
			"of the Gateway API",
			metav1.ObjectMeta{
				Labels: map[string]string{"gateway.networking.k8s.io/gateway-name": "edge", "gateway.istio.io/managed": "istio.io-gateway-controller"},
			},
			corev1.PodSpec{},
			true,
		},
		{
			"of the Gateway API, by another implementation",
			metav1.ObjectMeta{Labels: map[string]string{"gateway.networking.k8s.io/gateway-name": "edge"}},
			corev1.PodSpec{Containers: []corev1.Container{{Name: "kgateway-proxy"}}},
			false,
		},
		{"a sidecar", metav1.ObjectMeta{Annotations: map[string]string{"inject.istio.io/templates": "sidecar"}}, sidecar, false},
		{
			"an application whose argument is router",
			metav1.ObjectMeta{},
			corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Args: []string{"router"}}}},
			false,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := isGateway(test.meta, &test.spec); got != test.want {
				t.Errorf("gateway is %t", got)
			}
		})
	}
}

func TestTemplate(t *testing.T) {
	hook := &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 3}}}
	template := &corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"rerig.dev/run": "up", "rerig.dev/restarted-at": "2026-11-24T11:00:00Z"}},
		Spec: corev1.PodSpec{
			Containers: []corev1.Container{{Name: "web", Lifecycle: hook}, {Name: "log"}, {Name: "istio-proxy", Image: "auto"}},
		},
	}
	got := templateOf(template)
	if diff := cmp.Diff([]mesh.Container{{Name: "web", PreStop: true}, {Name: "log"}}, got.Containers); diff != "" {
		t.Errorf("containers (-want +got):\n%s", diff)
	}
	if got.Proxy {
		t.Error("a template with the image auto counts as one with a proxy of its own")
	}
	if s := restartAnnotations(template.Annotations); s.Run != "up" || s.At.Hour() != 11 {
		t.Errorf("restart annotations: got %v", s)
	}
	again := template.DeepCopy()
	if templateOf(again).Hash != got.Hash {
		t.Error("equal templates have different digests")
	}
	again.Annotations["rerig.dev/run"] = "other"
	if templateOf(again).Hash == got.Hash {
		t.Error("different templates have one digest")
	}
	template.Spec.Containers[2].Image = "docker.io/istio/proxyv2:1.29.1"
	if !templateOf(template).Proxy {
		t.Error("a proxy in the template is not seen")
	}
}

func TestTrouble(t *testing.T) {
	waiting := func(name, reason, message string) corev1.ContainerStatus {
		return corev1.ContainerStatus{
			Name:  name,
			State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}},
		}
	}
	running := corev1.ContainerStatus{Name: "istio-proxy", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}
	tests := []struct {
		name   string
		status corev1.PodStatus
		want   string
	}{
		{"ready", corev1.PodStatus{Phase: "Running", Conditions: []corev1.PodCondition{{Type: "Ready", Status: "True"}}}, ""},
		{
			"unschedulable",
			corev1.PodStatus{
				Phase:      "Pending",
				Conditions: []corev1.PodCondition{{Type: "PodScheduled", Status: "False", Reason: "Unschedulable", Message: "0/1 nodes are available"}},
			},
			"not scheduled: Unschedulable: 0/1 nodes are available",
		},
		{"an init container first", corev1.PodStatus{Phase: "Pending",
			InitContainerStatuses: []corev1.ContainerStatus{waiting("istio-proxy", "ImagePullBackOff", "Back-off pulling image")},
			ContainerStatuses:     []corev1.ContainerStatus{waiting("web", "PodInitializing", "")}},
			"istio-proxy: ImagePullBackOff: Back-off pulling image"},
		{
			"what crashes before what waits",
			corev1.PodStatus{
				Phase:             "Running",
				ContainerStatuses: []corev1.ContainerStatus{running, waiting("web", "CrashLoopBackOff", "back-off 10s")},
			},
			"web: CrashLoopBackOff: back-off 10s",
		},
		{"not ready", corev1.PodStatus{Phase: "Running", ContainerStatuses: []corev1.ContainerStatus{running}}, "istio-proxy: runs, not ready"},
		{
			"starting",
			corev1.PodStatus{Phase: "Pending", ContainerStatuses: []corev1.ContainerStatus{waiting("web", "ContainerCreating", "")}},
			"web: ContainerCreating",
		},
		{"nothing known", corev1.PodStatus{Phase: "Pending"}, "Pending"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := trouble(&corev1.Pod{Status: test.status}); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	failed := corev1.PodStatus{Phase: "Running", ContainerStatuses: []corev1.ContainerStatus{{Name: "web",
		State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "OOMKilled", ExitCode: 137}}}}}
	if got := trouble(&corev1.Pod{Status: failed}); !strings.Contains(got, "OOMKilled") {
		t.Errorf("a killed container gave %q", got)
	}
}
