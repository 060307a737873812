// SPDX-License-Identifier: Apache-2.0

// Package proxies gives every injected pod of a hollow lab a simulated proxy.
package proxies

import (
	"context"
	"fmt"
	"io"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/lab/internal/hollow/egress"
	"github.com/rerig/rerig/lab/internal/hollow/endpoints"
	"github.com/rerig/rerig/lab/internal/hollow/podview"
	"github.com/rerig/rerig/lab/internal/hollow/proxy"
)

// revisionAnnotation is set by injection.
const revisionAnnotation = "istio.io/rev"

// Cluster is the API that a Manager needs.
type Cluster interface {
	podview.Sources
	endpoints.Lister
	Namespace(name string) *corev1.Namespace
	SetPortForward(ctx context.Context, pod *corev1.Pod, ports map[int]string) error
}

// Manager runs the proxies of a cluster. PodUpdated and PodDeleted are informer handlers.
type Manager struct {
	Cluster Cluster
	Routes  *egress.Routes
	// Capacity replaces limits that a container does not set.
	Capacity corev1.ResourceList
	Log      io.Writer

	mu      sync.Mutex
	ctx     context.Context
	proxies map[types.UID]*podProxy
	running sync.WaitGroup
	closed  bool // no proxy is added any more
}

// New returns a manager whose proxies stop when ctx ends.
func New(ctx context.Context, c Cluster, r *egress.Routes, machine corev1.ResourceList, log io.Writer) *Manager {
	return &Manager{Cluster: c, Routes: r, Capacity: machine, Log: log, ctx: ctx, proxies: map[types.UID]*podProxy{}}
}

// PodUpdated handles a new or changed pod.
func (m *Manager) PodUpdated(pod *corev1.Pod) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.proxies[pod.UID]
	switch {
	case !hasRunningProxy(pod):
		m.remove(p, pod.UID)
	case p != nil:
		p.setPod(pod)
		p.setFaults(m.faults(pod))
	case !m.closed:
		p = m.add(pod)
		m.proxies[pod.UID] = p
	}
}

// PodDeleted handles a deleted pod.
func (m *Manager) PodDeleted(pod *corev1.Pod) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.remove(m.proxies[pod.UID], pod.UID)
}

// NamespaceChanged handles a namespace, whose annotations may configure faults.
func (m *Manager) NamespaceChanged(ns *corev1.Namespace) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.proxies {
		if pod := p.currentPod(); pod.Namespace == ns.Name {
			p.setFaults(podFaults(pod, ns))
		}
	}
}

// Wait returns when all proxies have stopped. The manager's context must have ended.
func (m *Manager) Wait() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.running.Wait()
}

// hasRunningProxy reports whether a proxy would be running in the pod.
func hasRunningProxy(pod *corev1.Pod) bool {
	return proxy.Container(pod) != nil && pod.DeletionTimestamp == nil &&
		pod.Status.Phase == corev1.PodRunning && pod.Status.PodIP != ""
}

func (m *Manager) faults(pod *corev1.Pod) proxy.Faults {
	return podFaults(pod, m.Cluster.Namespace(pod.Namespace))
}

// podFaults returns the faults that the annotations of a pod and its namespace configure.
func podFaults(pod *corev1.Pod, ns *corev1.Namespace) proxy.Faults {
	annotations := []map[string]string{pod.Annotations}
	if ns != nil {
		annotations = append(annotations, ns.Annotations)
	}
	return proxy.ParseFaults(pod.Annotations[revisionAnnotation], annotations...)
}

func (m *Manager) add(pod *corev1.Pod) *podProxy {
	ctx, cancel := context.WithCancel(m.ctx)
	p := &podProxy{manager: m, cancel: cancel, pod: pod, faults: m.faults(pod)}
	m.running.Go(func() {
		if err := p.run(ctx); err != nil && ctx.Err() == nil {
			fmt.Fprintf(m.Log, "%s/%s: proxy stopped: %v\n", pod.Namespace, pod.Name, err)
		}
	})
	return p
}

func (m *Manager) remove(p *podProxy, uid types.UID) {
	if p != nil {
		p.cancel()
		delete(m.proxies, uid)
	}
}
