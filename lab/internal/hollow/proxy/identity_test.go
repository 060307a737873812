// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/lab/internal/hollow/podview"
)

func sidecarPod() *corev1.Pod {
	always := corev1.ContainerRestartPolicyAlways
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "web-1", Namespace: "shop", Labels: map[string]string{"app": "web", "pod-template-hash": "1"},
			Annotations: map[string]string{"istio.io/rev": "1-31-0"}},
		Spec: corev1.PodSpec{
			ServiceAccountName: "web",
			InitContainers: []corev1.Container{{Name: "istio-init", Args: []string{"istio-iptables"}}, {
				Name: "istio-proxy", Image: "docker.io/lab/proxyv2:1.31.0", RestartPolicy: &always,
				Args: []string{"proxy", "sidecar", "--domain", "$(POD_NAMESPACE).svc.cluster.local"},
			}},
			Containers: []corev1.Container{{Name: "web"}},
		},
		Status: corev1.PodStatus{PodIP: "10.244.0.7"},
	}
}

func TestIdentifyNativeSidecar(t *testing.T) {
	pod := sidecarPod()
	env := podview.Vars{
		"POD_NAMESPACE=shop", "CA_ADDR=istiod-1-31-0.istio-system.svc:15012", "ISTIO_META_CLUSTER_ID=Kubernetes",
		`PROXY_CONFIG={"discoveryAddress":"istiod-1-31-0.istio-system.svc:15012","proxyMetadata":{"ISTIO_META_DNS_CAPTURE":"true"}}`,
		"ISTIO_META_WORKLOAD_NAME=web", `ISTIO_METAJSON_LABELS={"x":"y"}`,
	}
	id, err := Identify(pod, Container(pod), env, "")
	if err != nil {
		t.Fatal(err)
	}
	if want := "sidecar~10.244.0.7~web-1.shop~shop.svc.cluster.local"; id.ID != want {
		t.Errorf("node ID: got %q, want %q", id.ID, want)
	}
	if want := "istiod-1-31-0.istio-system.svc:15012"; id.Discovery != want || id.CA != want {
		t.Errorf("control plane: got %q and %q, want %q", id.Discovery, id.CA, want)
	}
	for _, c := range []struct {
		key  string
		want any
	}{
		{"ISTIO_VERSION", "1.31.0"}, {"NAME", "web-1"}, {"NAMESPACE", "shop"}, {"SERVICE_ACCOUNT", "web"},
		{"CLUSTER_ID", "Kubernetes"}, {"WORKLOAD_NAME", "web"}, {"DNS_CAPTURE", "true"}, {"INSTANCE_IPS", "10.244.0.7"},
		{"LABELS", map[string]any{"app": "web"}}, {"ANNOTATIONS", map[string]any{"istio.io/rev": "1-31-0"}},
	} {
		t.Run(c.key, func(t *testing.T) {
			if d := cmp.Diff(c.want, id.Metadata[c.key]); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
	if _, err := (&Proxy{Identity: id}).node(); err != nil {
		t.Errorf("encode the metadata: got error %v, want none", err)
	}
}

// Later sources override earlier ones: defaults, the mesh file, the environment, the annotation.
func TestDiscoveryAddressPrecedence(t *testing.T) {
	const mesh = "defaultConfig: {discoveryAddress: mesh:15012}"
	const env = `{"discoveryAddress":"env:15012"}`
	for _, c := range []struct{ name, mesh, env, annotation, want string }{
		{name: "default", want: "istiod.istio-system.svc:15012"},
		{name: "mesh file", mesh: mesh, want: "mesh:15012"},
		{name: "environment", mesh: mesh, env: env, want: "env:15012"},
		{name: "annotation", mesh: mesh, env: env, annotation: "discoveryAddress: pod:15012", want: "pod:15012"},
		{name: "environment without address", mesh: mesh, env: `{"concurrency":2}`, want: "mesh:15012"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pod := sidecarPod()
			pod.Annotations["proxy.istio.io/config"] = c.annotation
			id, err := Identify(pod, Container(pod), podview.Vars{"PROXY_CONFIG=" + c.env}, c.mesh)
			if err != nil || id.Discovery != c.want {
				t.Errorf("got discovery address %q, %v, want %q", id.Discovery, err, c.want)
			}
			if id.CA != id.Discovery {
				t.Errorf("CA without CA_ADDR: got %q, want %q", id.CA, id.Discovery)
			}
		})
	}
}

func TestContainerNeedsProxyArguments(t *testing.T) {
	pod := sidecarPod()
	if c := Container(pod); c == nil || c.Name != "istio-proxy" {
		t.Fatalf("got proxy container %v, want istio-proxy", c)
	}
	pod.Spec.InitContainers[1].Args = []string{"sleep"}
	if c := Container(pod); c != nil {
		t.Errorf("got a container that runs %v, want none", c.Args)
	}
	gateway := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "istio-proxy", Args: []string{"proxy", "router"}}}}}
	if Container(gateway) == nil {
		t.Error("got no proxy container of a gateway, want one")
	}
}
