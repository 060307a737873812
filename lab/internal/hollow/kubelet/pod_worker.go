// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/rerig/rerig/lab/internal/component"
	"github.com/rerig/rerig/lab/internal/hollow/ports"
)

const (
	// checkInterval is how often a process is looked at.
	checkInterval = 100 * time.Millisecond
	// maxGracePeriod bounds how long an istiod may take to leave.
	maxGracePeriod = 5 * time.Second
	// retryInterval is how often what hinders a pod is looked at anew.
	retryInterval = 2 * time.Second
	// maxBackoff bounds the wait of a process that ends again and again. A
	// kubelet waits up to five minutes; nobody has that patience with a lab.
	maxBackoff = 10 * time.Second
	// fileRefreshInterval is how often a pod's files are written anew: its token lives an hour.
	fileRefreshInterval = time.Minute
)

// podWorker is one pod's way from being scheduled to being gone.
type podWorker struct {
	kubelet  *Kubelet
	pod      *corev1.Pod
	stopping chan struct{} // closed when the pod is to go
	stopOnce sync.Once

	options      ProcessOptions // of the present process
	process      Process
	removeRoutes func() // forgets its address
	state        PodState
	reported     PodState
}

func (w *podWorker) stop() { w.stopOnce.Do(func() { close(w.stopping) }) }

func (w *podWorker) run(ctx context.Context) {
	k := w.kubelet
	root := filepath.Join(k.Dir, w.pod.Namespace+"."+w.pod.Name)
	w.state = PodState{HostIP: k.HostIP, StartTime: time.Now()}
	if binary, ok := w.waitForImage(ctx); ok {
		w.runProcesses(ctx, binary, root)
	}
	if ctx.Err() != nil {
		return // the whole lab ends
	}
	w.removeRoutes()
	if err := k.Cluster.DeletePod(ctx, w.pod); err != nil {
		k.logf(w.pod, "%v", err)
	}
	_ = os.RemoveAll(root) // the lab's folder goes as a whole anyway
}

// waitForImage waits until there is the pod's image, as a kubelet goes on trying.
func (w *podWorker) waitForImage(ctx context.Context) (string, bool) {
	image := w.pod.Spec.Containers[0].Image
	for reason := "ErrImagePull"; ; reason = "ImagePullBackOff" {
		if binary, ok := w.kubelet.Image(image); ok {
			return binary, true
		}
		w.state.WaitingReason, w.state.Message = reason, "the lab has no image "+image
		w.report(ctx)
		if !w.sleep(ctx, retryInterval) {
			return "", false
		}
	}
}

// runProcesses runs one process after the other until the pod is to go.
func (w *podWorker) runProcesses(ctx context.Context, binary, root string) {
	ip := w.kubelet.nextIP()
	for backoff := time.Duration(0); ; backoff = min(max(2*backoff, time.Second), maxBackoff) {
		if !w.sleep(ctx, backoff) {
			return
		}
		start := time.Now()
		if !w.startProcess(ctx, binary, root, ip) {
			continue
		}
		if !w.watchProcess(ctx) {
			return
		}
		w.reportExit(ctx)
		if time.Since(start) > time.Minute {
			backoff = 0
		}
	}
}

// startProcess makes the process; what the pod lacks is told in its status, as a kubelet does.
func (w *podWorker) startProcess(ctx context.Context, binary, root, ip string) bool {
	k := w.kubelet
	pod := w.pod.DeepCopy() // as it will be, for its own environment
	pod.Status.PodIP, pod.Status.PodIPs, pod.Status.HostIP = ip, []corev1.PodIP{{IP: ip}}, k.HostIP
	free, err := ports.FindFree(len(listeners))
	if err != nil {
		return w.reportWaiting(ctx, "CreateContainerError", err)
	}
	options := ProcessOptions{Binary: binary, RootDir: root, Ports: free, APIServer: k.APIServer, CA: k.CA, Capacity: k.Capacity}
	p, err := ProcessForPod(ctx, k.Cluster, pod, options)
	if err != nil {
		return w.reportWaiting(ctx, "CreateContainerConfigError", err)
	}
	if err := k.Processes.Start(ctx, p.Component); err != nil {
		return w.reportWaiting(ctx, "RunContainerError", err)
	}
	w.removeRoutes = k.Routes.Set(ip, p.Ports)
	w.state.IP, w.state.ProcessStart, w.state.WaitingReason, w.state.Message = ip, time.Now(), "", ""
	w.pod, w.options, w.process = pod, options, p
	w.report(ctx)
	if err := k.Cluster.SetPortForward(ctx, w.pod, p.Ports); err != nil {
		k.logf(w.pod, "%v", err)
	}
	return true
}

// sleep is false when the pod is to go.
func (w *podWorker) sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-w.stopping:
		return false
	case <-time.After(d):
		return true
	}
}

// watchProcess looks after a process until it ends by itself (true), or the pod is to
// go, when it ends it (false).
func (w *podWorker) watchProcess(ctx context.Context) bool {
	p := newReadinessProbe(&w.pod.Spec.Containers[0], w.process.Ports)
	name, refreshed := w.process.Component.Name, time.Now()
	for {
		if !w.sleep(ctx, checkInterval) {
			w.terminateProcess(ctx)
			return false
		}
		if !w.kubelet.Processes.Running(name) {
			return true
		}
		w.state.Ready = p.check(ctx, time.Now())
		w.report(ctx)
		if time.Since(refreshed) > fileRefreshInterval {
			refreshed = time.Now()
			w.refreshFiles(ctx)
		}
	}
}

// terminateProcess ends the process as the pod's grace period allows; a pod on its way out is not ready.
func (w *podWorker) terminateProcess(ctx context.Context) {
	if ctx.Err() != nil {
		return // the lab stops all processes itself
	}
	grace := maxGracePeriod
	if s := w.pod.Spec.TerminationGracePeriodSeconds; s != nil {
		grace = min(grace, time.Duration(*s)*time.Second)
	}
	w.kubelet.Processes.Stop(w.process.Component.Name, grace)
}

// refreshFiles writes the pod's files anew where they have changed: a token, a ConfigMap.
func (w *podWorker) refreshFiles(ctx context.Context) {
	options := w.options
	p, err := ProcessForPod(ctx, w.kubelet.Cluster, w.pod, options)
	if err == nil {
		err = writeFiles(p.Component.Files)
	}
	if err != nil && ctx.Err() == nil {
		w.kubelet.logf(w.pod, "refresh its files: %v", err)
	}
}

// writeFiles writes files so that a reader sees the old or the new content, never half of it.
func writeFiles(files []component.File) error {
	for _, f := range files {
		if old, err := os.ReadFile(f.Path); err == nil && string(old) == f.Content {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil {
			return fmt.Errorf("make the folder of %s: %w", f.Path, err)
		}
		if err := os.WriteFile(f.Path+".new", []byte(f.Content), f.Mode); err != nil {
			return fmt.Errorf("write %s: %w", f.Path, err)
		}
		if err := os.Rename(f.Path+".new", f.Path); err != nil {
			return fmt.Errorf("put %s in its place: %w", f.Path, err)
		}
	}
	return nil
}
