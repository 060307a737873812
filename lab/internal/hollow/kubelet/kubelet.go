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
	UpdatePodStatus(ctx context.Context, pod *corev1.Pod, status corev1.PodStatus) error
	SetPortForward(ctx context.Context, pod *corev1.Pod, ports map[int]string) error
	DeletePod(ctx context.Context, pod *corev1.Pod) error
}

// Options are what the agent works with.
type Options struct {
	Cluster Cluster
	Routes  *egress.Routes
	// Processes runs them; their logs lie in its folder.
	Processes *process.Group
	// Image finds the program of an image; false when there is no such image.
	Image func(image string) (binary string, ok bool)
	// Dir is where the pods' files go, a folder for each.
	Dir string
	// Server and CA are the API server's URL and its authority, PEM.
	APIServer string
	CA        []byte
	// HostIP is the nodes' address.
	HostIP   string
	Capacity corev1.ResourceList
	Log      io.Writer
}

// Kubelet is the kubelet of istiod's pods. There and Gone are for an informer's handlers.
type Kubelet struct {
	Options

	ctx         context.Context
	mu          sync.Mutex
	workers     map[types.UID]*podWorker
	lastAddress int
	running     sync.WaitGroup
}

// New is an agent that works until ctx ends; its processes are then the caller's to stop.
func New(ctx context.Context, s Options) *Kubelet {
	return &Kubelet{Options: s, ctx: ctx, workers: map[types.UID]*podWorker{}}
}

// PodUpdated hears of a pod that is there or has changed.
func (k *Kubelet) PodUpdated(pod *corev1.Pod) {
	if pod.Labels["app"] != "istiod" || pod.Spec.NodeName == "" || isFinished(pod) {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	w := k.workers[pod.UID]
	if w == nil && k.ctx.Err() == nil {
		w = &podWorker{kubelet: k, pod: pod, stopping: make(chan struct{}), removeRoutes: func() {}}
		k.workers[pod.UID] = w
		k.running.Go(func() { w.run(k.ctx) })
	}
	if w != nil && pod.DeletionTimestamp != nil {
		w.stop()
	}
}

// PodDeleted hears of a pod that is no longer there.
func (k *Kubelet) PodDeleted(pod *corev1.Pod) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if w := k.workers[pod.UID]; w != nil {
		w.stop()
		delete(k.workers, pod.UID)
	}
}

// Wait returns when no pod is worked on any more; ctx must have ended.
func (k *Kubelet) Wait() { k.running.Wait() }

func isFinished(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// nextIP gives each pod an address of its own, apart from those that kwok gives.
func (k *Kubelet) nextIP() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lastAddress++
	return fmt.Sprintf("10.245.%d.%d", k.lastAddress>>8&0xff, k.lastAddress&0xff)
}

func (k *Kubelet) logf(pod *corev1.Pod, format string, args ...any) {
	fmt.Fprintf(k.Log, "%s/%s: %s\n", pod.Namespace, pod.Name, fmt.Sprintf(format, args...))
}
