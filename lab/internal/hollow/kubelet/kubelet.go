// SPDX-License-Identifier: Apache-2.0

// Package kubelet simulates the kubelet for the pods of istiod in a hollow lab. Each pod becomes an
// istiod process with the pod's arguments, environment, files and service account. The pod is ready
// when the process is, and the process ends with the pod.
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

// Cluster is the API that a Kubelet needs.
type Cluster interface {
	podview.Sources
	UpdatePodStatus(ctx context.Context, pod *corev1.Pod, status corev1.PodStatus) error
	SetPortForward(ctx context.Context, pod *corev1.Pod, ports map[int]string) error
	DeletePod(ctx context.Context, pod *corev1.Pod) error
}

// Options configures a Kubelet.
type Options struct {
	Cluster Cluster
	Routes  *egress.Routes
	// Processes runs the processes and stores their logs.
	Processes *process.Group
	// Image returns the program of an image. It returns false if there is no such image.
	Image func(image string) (binary string, ok bool)
	// Dir receives one directory of files per pod.
	Dir string
	// APIServer is the API server's URL. CA is its certificate authority in PEM.
	APIServer string
	CA        []byte
	// HostIP is the address of the nodes.
	HostIP   string
	Capacity corev1.ResourceList
	Log      io.Writer
}

// Kubelet runs the pods of istiod. PodUpdated and PodDeleted are informer handlers.
type Kubelet struct {
	Options

	ctx         context.Context
	mu          sync.Mutex
	workers     map[types.UID]*podWorker
	lastAddress int
	running     sync.WaitGroup
}

// New returns a Kubelet that works until ctx ends. The caller stops its processes then.
func New(ctx context.Context, s Options) *Kubelet {
	return &Kubelet{Options: s, ctx: ctx, workers: map[types.UID]*podWorker{}}
}

// PodUpdated handles a new or changed pod.
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

// PodDeleted handles a deleted pod.
func (k *Kubelet) PodDeleted(pod *corev1.Pod) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if w := k.workers[pod.UID]; w != nil {
		w.stop()
		delete(k.workers, pod.UID)
	}
}

// Wait returns when no pod is being worked on. ctx must have ended.
func (k *Kubelet) Wait() { k.running.Wait() }

func isFinished(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// nextIP returns an unused pod address outside of kwok's range.
func (k *Kubelet) nextIP() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lastAddress++
	return fmt.Sprintf("10.245.%d.%d", k.lastAddress>>8&0xff, k.lastAddress&0xff)
}

// logf writes a line about a pod to the log.
func (k *Kubelet) logf(pod *corev1.Pod, format string, args ...any) {
	fmt.Fprintf(k.Log, "%s/%s: %s\n", pod.Namespace, pod.Name, fmt.Sprintf(format, args...))
}
