// SPDX-License-Identifier: Apache-2.0

// Package proxies gives every injected pod of a hollow lab its hollow proxy.
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

// revisionAnnotation is written by injection.
const revisionAnnotation = "istio.io/rev"

// Cluster is what the crowd needs of a cluster.
type Cluster interface {
	podview.Sources
	endpoints.Book
	Namespace(name string) *corev1.Namespace
	Forward(ctx context.Context, pod *corev1.Pod, ports map[int]string) error
}

// Crowd is the proxies of a cluster. There and Gone are for an informer's handlers.
type Crowd struct {
	Cluster Cluster
	Routes  *egress.Routes
	// Machine stands in for limits that a container does not set.
	Machine corev1.ResourceList
	Log     io.Writer

	mu      sync.Mutex
	ctx     context.Context
	members map[types.UID]*member
	running sync.WaitGroup
	full    bool // nobody comes any more
}

// New is a crowd that leaves when ctx ends.
func New(ctx context.Context, c Cluster, r *egress.Routes, machine corev1.ResourceList, log io.Writer) *Crowd {
	return &Crowd{Cluster: c, Routes: r, Machine: machine, Log: log, ctx: ctx, members: map[types.UID]*member{}}
}

// There hears of a pod that is there or has changed.
func (c *Crowd) There(pod *corev1.Pod) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.members[pod.UID]
	switch {
	case !belongs(pod):
		c.leave(m, pod.UID)
	case m != nil:
		m.pod(pod)
		m.order(c.orders(pod))
	case !c.full:
		m = c.join(pod)
		c.members[pod.UID] = m
	}
}

// Gone hears of a pod that is no longer there.
func (c *Crowd) Gone(pod *corev1.Pod) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leave(c.members[pod.UID], pod.UID)
}

// NamespaceChanged hears of a namespace, whose annotations may hold orders.
func (c *Crowd) NamespaceChanged(ns *corev1.Namespace) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.members {
		if pod := m.current(); pod.Namespace == ns.Name {
			m.order(orders(pod, ns))
		}
	}
}

// Wait returns when everybody has left, which they do when the crowd's context has ended.
func (c *Crowd) Wait() {
	c.mu.Lock()
	c.full = true
	c.mu.Unlock()
	c.running.Wait()
}

// belongs says whether a proxy would be running in the pod.
func belongs(pod *corev1.Pod) bool {
	return proxy.Container(pod) != nil && pod.DeletionTimestamp == nil &&
		pod.Status.Phase == corev1.PodRunning && pod.Status.PodIP != ""
}

func (c *Crowd) orders(pod *corev1.Pod) proxy.Orders {
	return orders(pod, c.Cluster.Namespace(pod.Namespace))
}

func orders(pod *corev1.Pod, ns *corev1.Namespace) proxy.Orders {
	of := []map[string]string{pod.Annotations}
	if ns != nil {
		of = append(of, ns.Annotations)
	}
	return proxy.ReadOrders(pod.Annotations[revisionAnnotation], of...)
}

func (c *Crowd) join(pod *corev1.Pod) *member {
	ctx, cancel := context.WithCancel(c.ctx)
	m := &member{crowd: c, cancel: cancel, is: pod, told: c.orders(pod)}
	c.running.Go(func() {
		if err := m.run(ctx); err != nil && ctx.Err() == nil {
			fmt.Fprintf(c.Log, "%s/%s has no proxy: %v\n", pod.Namespace, pod.Name, err)
		}
	})
	return m
}

func (c *Crowd) leave(m *member, uid types.UID) {
	if m != nil {
		m.cancel()
		delete(c.members, uid)
	}
}
