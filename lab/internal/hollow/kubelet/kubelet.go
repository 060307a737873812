// SPDX-License-Identifier: Apache-2.0

// Package kubelet stands in the kubelet's place for istiod's pods in a hollow lab:
// whoever made a pod, it becomes a real istiod process with that pod's
// arguments, environment, files and rights, is ready when the process is, and
// takes it along when it goes.
package kubelet

import (
	"context"
	"fmt"
	"io"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/lab/internal/hollow/egress"
	"github.com/rerig/rerig/lab/internal/hollow/podview"
	"github.com/rerig/rerig/lab/internal/process"
)

// Cluster is what the agent needs of a cluster.
type Cluster interface {
	podview.Sources
	SetStatus(ctx context.Context, pod *corev1.Pod, status corev1.PodStatus) error
	Forward(ctx context.Context, pod *corev1.Pod, ports map[int]string) error
	Remove(ctx context.Context, pod *corev1.Pod) error
}

// Settings are what the agent works with.
type Settings struct {
	Cluster Cluster
	Routes  *egress.Routes
	// Processes runs them; their logs lie in its folder.
	Processes *process.Group
	// Image finds the program of an image; false when there is no such image.
	Image func(image string) (binary string, ok bool)
	// Dir is where the pods' files go, a folder for each.
	Dir string
	// Server and CA are the API server's URL and its authority, PEM.
	Server string
	CA     []byte
	// HostIP is the nodes' address.
	HostIP  string
	Machine corev1.ResourceList
	Log     io.Writer
}

// Agent is the kubelet of istiod's pods. There and Gone are for an informer's handlers.
type Agent struct {
	Settings

	ctx     context.Context
	mu      sync.Mutex
	tasks   map[types.UID]*task
	address int
	running sync.WaitGroup
}

// New is an agent that works until ctx ends; its processes are then the caller's to stop.
func New(ctx context.Context, s Settings) *Agent {
	return &Agent{Settings: s, ctx: ctx, tasks: map[types.UID]*task{}}
}

// There hears of a pod that is there or has changed.
func (a *Agent) There(pod *corev1.Pod) {
	if pod.Labels["app"] != "istiod" || pod.Spec.NodeName == "" || over(pod) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.tasks[pod.UID]
	if t == nil && a.ctx.Err() == nil {
		t = &task{agent: a, pod: pod, leave: make(chan struct{}), drop: func() {}}
		a.tasks[pod.UID] = t
		a.running.Go(func() { t.run(a.ctx) })
	}
	if t != nil && pod.DeletionTimestamp != nil {
		t.end()
	}
}

// Gone hears of a pod that is no longer there.
func (a *Agent) Gone(pod *corev1.Pod) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if t := a.tasks[pod.UID]; t != nil {
		t.end()
		delete(a.tasks, pod.UID)
	}
}

// Wait returns when no pod is worked on any more; ctx must have ended.
func (a *Agent) Wait() { a.running.Wait() }

func over(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// nextIP gives each pod an address of its own, apart from those that kwok gives.
func (a *Agent) nextIP() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.address++
	return fmt.Sprintf("10.245.%d.%d", a.address>>8&0xff, a.address&0xff)
}

func (a *Agent) say(pod *corev1.Pod, format string, args ...any) {
	fmt.Fprintf(a.Log, "%s/%s: %s\n", pod.Namespace, pod.Name, fmt.Sprintf(format, args...))
}
