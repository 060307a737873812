// SPDX-License-Identifier: Apache-2.0

package proxies

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/rerig/rerig/lab/internal/hollow/podview"
	"github.com/rerig/rerig/lab/internal/hollow/proxy"
)

// The proxy's ports that respond: administration, and readiness of Envoy and of pilot-agent.
const (
	adminPort  = 15000
	readyPort  = 15021
	statusPort = 15020
)

// podProxy is the proxy of one pod.
type podProxy struct {
	manager *Manager
	cancel  context.CancelFunc

	mu     sync.Mutex
	pod    *corev1.Pod
	faults proxy.Faults
	proxy  *proxy.Proxy // nil until it is created
}

func (m *podProxy) run(ctx context.Context) error {
	p, err := m.newProxy(ctx)
	for err != nil { // its ConfigMaps and Secrets may be created later; a kubelet waits for them too
		fmt.Fprintf(m.manager.Log, "%s/%s: %v\n", m.currentPod().Namespace, m.currentPod().Name, err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
		p, err = m.newProxy(ctx)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen on the admin port: %w", err)
	}
	admin := &http.Server{Handler: p.Admin(), ReadHeaderTimeout: 10 * time.Second}
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := admin.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintf(m.manager.Log, "%s: admin server stopped: %v\n", p.Identity.ID, err)
		}
	})
	defer serving.Wait()
	defer admin.Close()
	pod := m.currentPod()
	ports := map[int]string{}
	for _, port := range []int{adminPort, readyPort, statusPort} {
		ports[port] = l.Addr().String()
	}
	defer m.manager.Routes.Set(pod.Status.PodIP, ports)()
	serving.Go(func() {
		if err := m.manager.Cluster.SetPortForward(ctx, pod, ports); err != nil && ctx.Err() == nil {
			fmt.Fprintln(m.manager.Log, err)
		}
	})
	return p.Run(ctx)
}

// newProxy creates the proxy from its pod.
func (m *podProxy) newProxy(ctx context.Context) (*proxy.Proxy, error) {
	pod := m.currentPod()
	container := proxy.Container(pod)
	env, err := podview.Environment(ctx, m.manager.Cluster, pod, container, m.manager.Capacity)
	if err != nil {
		return nil, err
	}
	mesh, err := podview.File(ctx, m.manager.Cluster, pod, container, proxy.MeshFile)
	if err != nil {
		return nil, err
	}
	id, err := proxy.Identify(pod, container, env, mesh)
	if err != nil {
		return nil, err
	}
	p := &proxy.Proxy{
		Identity: id, Network: &podNetwork{proxy: m}, StartTime: time.Now(), Log: m.manager.Log,
		SPIFFE: fmt.Sprintf("spiffe://%s/ns/%s/sa/%s", id.TrustDomain, pod.Namespace, pod.Spec.ServiceAccountName),
	}
	m.mu.Lock()
	m.proxy = p
	p.SetFaults(m.faults)
	m.mu.Unlock()
	return p, nil
}

func (p *podProxy) setFaults(faults proxy.Faults) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = faults
	if p.proxy != nil {
		p.proxy.SetFaults(faults)
	}
}

func (p *podProxy) setPod(pod *corev1.Pod) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pod = pod
}

func (p *podProxy) currentPod() *corev1.Pod {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pod
}
