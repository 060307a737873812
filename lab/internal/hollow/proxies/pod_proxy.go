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

// The ports of a proxy that are answered: administration, and readiness by Envoy and by pilot-agent.
const (
	adminPort  = 15000
	readyPort  = 15021
	statusPort = 15020
)

// member is one pod's proxy.
type member struct {
	crowd  *Crowd
	cancel context.CancelFunc

	mu    sync.Mutex
	is    *corev1.Pod
	told  proxy.Orders
	proxy *proxy.Proxy // nil until it is made
}

func (m *member) run(ctx context.Context) error {
	p, err := m.make(ctx)
	for err != nil { // what its container needs may come yet, as a kubelet would wait for it
		fmt.Fprintf(m.crowd.Log, "%s/%s: %v\n", m.current().Namespace, m.current().Name, err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
		p, err = m.make(ctx)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for its administration: %w", err)
	}
	admin := &http.Server{Handler: p.Admin(), ReadHeaderTimeout: 10 * time.Second}
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := admin.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintf(m.crowd.Log, "%s: its administration has ended: %v\n", p.Identity.ID, err)
		}
	})
	defer serving.Wait()
	defer admin.Close()
	pod := m.current()
	ports := map[int]string{}
	for _, port := range []int{adminPort, readyPort, statusPort} {
		ports[port] = l.Addr().String()
	}
	defer m.crowd.Routes.Set(pod.Status.PodIP, ports)()
	serving.Go(func() {
		if err := m.crowd.Cluster.Forward(ctx, pod, ports); err != nil && ctx.Err() == nil {
			fmt.Fprintln(m.crowd.Log, err)
		}
	})
	return p.Run(ctx)
}

// make puts the proxy together from its pod.
func (m *member) make(ctx context.Context) (*proxy.Proxy, error) {
	pod := m.current()
	container := proxy.Container(pod)
	env, err := podview.Environment(ctx, m.crowd.Cluster, pod, container, m.crowd.Machine)
	if err != nil {
		return nil, err
	}
	mesh, err := podview.File(ctx, m.crowd.Cluster, pod, container, proxy.MeshFile)
	if err != nil {
		return nil, err
	}
	id, err := proxy.Identify(pod, container, env, mesh)
	if err != nil {
		return nil, err
	}
	p := &proxy.Proxy{
		Identity: id, Network: &network{member: m}, Began: time.Now(), Log: m.crowd.Log,
		SPIFFE: fmt.Sprintf("spiffe://%s/ns/%s/sa/%s", id.TrustDomain, pod.Namespace, pod.Spec.ServiceAccountName),
	}
	m.mu.Lock()
	m.proxy = p
	p.Order(m.told)
	m.mu.Unlock()
	return p, nil
}

func (m *member) order(o proxy.Orders) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.told = o
	if m.proxy != nil {
		m.proxy.Order(o)
	}
}

func (m *member) pod(now *corev1.Pod) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.is = now
}

func (m *member) current() *corev1.Pod {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.is
}
