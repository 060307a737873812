// SPDX-License-Identifier: Apache-2.0

package proxies

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/lab/internal/hollow/egress"
	"github.com/rerig/rerig/lab/internal/hollow/proxy"
)

// fakeCluster is a cluster without a control plane. It records port-forwards.
type fakeCluster struct {
	forwards chan map[int]string
	shop     corev1.Namespace
}

func (*fakeCluster) ConfigMap(context.Context, string, string) (*corev1.ConfigMap, error) {
	return nil, nil
}
func (*fakeCluster) Secret(context.Context, string, string) (*corev1.Secret, error) { return nil, nil }
func (*fakeCluster) Token(context.Context, *corev1.Pod, string, int64) (string, error) {
	return "", nil
}
func (*fakeCluster) Service(string, string) *corev1.Service             { return nil }
func (*fakeCluster) Slices(string, string) []*discoveryv1.EndpointSlice { return nil }
func (p *fakeCluster) Namespace(string) *corev1.Namespace               { return &p.shop }
func (p *fakeCluster) SetPortForward(_ context.Context, _ *corev1.Pod, ports map[int]string) error {
	p.forwards <- ports
	return nil
}

func gateway(uid, ip string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "gateway-" + uid, UID: types.UID(uid),
			Annotations: map[string]string{"istio.io/rev": "1-31-0"},
		},
		Spec:   corev1.PodSpec{Containers: []corev1.Container{{Name: "istio-proxy", Image: "i:1", Args: []string{"proxy", "router"}}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, PodIP: ip},
	}
}

func TestProxyLivesAsLongAsItsPod(t *testing.T) {
	cluster := &fakeCluster{forwards: make(chan map[int]string, 1)}
	var routes egress.Routes
	ctx, cancel := context.WithCancel(context.Background())
	m := New(ctx, cluster, &routes, nil, io.Discard)
	defer m.Wait()
	defer cancel()

	pod := gateway("1", "10.244.0.7")
	m.PodUpdated(pod)
	var ports map[int]string
	select {
	case ports = <-cluster.forwards:
	case <-time.After(10 * time.Second):
		t.Fatal("got no port-forward to the proxy within 10 s")
	}
	res, err := http.Get("http://" + ports[15000] + "/server_info")
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("/server_info: got %v, %v, want 200", res, err)
	}
	res.Body.Close()
	if to, err := routes.Resolve("10.244.0.7:15000"); err != nil || to != ports[15000] {
		t.Errorf("pod address: got %q, %v, want %q", to, err, ports[15000])
	}

	leaving := pod.DeepCopy()
	leaving.DeletionTimestamp = &metav1.Time{Time: time.Now()}
	m.PodUpdated(leaving)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("tcp", ports[15000])
		if err != nil {
			break
		}
		conn.Close()
		if time.Now().After(end) {
			t.Fatal("got a proxy 10 s after its pod began to terminate, want none")
		}
	}
}

func TestHasRunningProxy(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*corev1.Pod)
		want   bool
	}{
		{name: "running gateway", change: func(*corev1.Pod) {}, want: true},
		{name: "pending", change: func(p *corev1.Pod) { p.Status.Phase = corev1.PodPending }},
		{name: "no address", change: func(p *corev1.Pod) { p.Status.PodIP = "" }},
		{name: "terminating", change: func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{} }},
		{name: "no proxy", change: func(p *corev1.Pod) { p.Spec.Containers[0].Name = "web" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			pod := gateway("1", "10.244.0.7")
			c.change(pod)
			if got := hasRunningProxy(pod); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}

// Faults of a namespace apply to its existing pods, limited to a revision if one is given.
func TestNamespaceFaultsReachItsPods(t *testing.T) {
	cluster := &fakeCluster{forwards: make(chan map[int]string, 1)}
	cluster.shop.Name = "shop"
	ctx, cancel := context.WithCancel(context.Background())
	m := New(ctx, cluster, &egress.Routes{}, nil, io.Discard)
	defer m.Wait()
	defer cancel()
	pod := gateway("1", "10.244.0.7")
	m.PodUpdated(pod)

	currentFaults := func() proxy.Faults {
		m.mu.Lock()
		defer m.mu.Unlock()
		p := m.proxies[pod.UID]
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.faults
	}
	for _, c := range []struct {
		name, annotation string
		want             proxy.Faults
	}{
		{name: "the pod's revision", annotation: "lds@1-31-0", want: proxy.Faults{RejectedTypes: []string{"lds"}}},
		{name: "another revision", annotation: "lds@1-29-1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ns := cluster.shop.DeepCopy()
			ns.Annotations = map[string]string{proxy.RejectAnnotation: c.annotation}
			m.NamespaceChanged(ns)
			if got := currentFaults(); !got.Equal(c.want) {
				t.Errorf("got faults %v, want %v", got, c.want)
			}
		})
	}
	other := cluster.shop.DeepCopy()
	other.Name, other.Annotations = "other", map[string]string{proxy.DisconnectedAnnotation: "true"}
	m.NamespaceChanged(other)
	if got := currentFaults(); got.Disconnected {
		t.Error("got the faults of another namespace")
	}
}
