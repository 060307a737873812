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
	// checkInterval is the time between two checks of a process.
	checkInterval = 100 * time.Millisecond
	// maxGracePeriod bounds how long an istiod may take to terminate.
	maxGracePeriod = 5 * time.Second
	// retryInterval is the time between two attempts to find an image.
	retryInterval = 2 * time.Second
	// maxBackoff bounds the delay before a process that keeps exiting is restarted. A real kubelet
	// waits up to 5 minutes.
	maxBackoff = 10 * time.Second
	// fileRefreshInterval is the time after which a pod's files are written again. Its token
	// expires after one hour.
	fileRefreshInterval = time.Minute
)

// podWorker runs one pod from scheduling to deletion.
type podWorker struct {
	kubelet  *Kubelet
	pod      *corev1.Pod
	stopping chan struct{} // closed when the pod is to be deleted
	stopOnce sync.Once

	options      ProcessOptions // of the current process
	process      Process
	removeRoutes func() // removes the pod's address
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
		return // the lab is stopping
	}
	w.removeRoutes()
	if err := k.Cluster.DeletePod(ctx, w.pod); err != nil {
		k.logf(w.pod, "%v", err)
	}
	_ = os.RemoveAll(root) // best effort: `lab down` removes the lab's directory
}

// waitForImage waits until the pod's image exists, as a kubelet keeps trying to pull it.
func (w *podWorker) waitForImage(ctx context.Context) (string, bool) {
	image := w.pod.Spec.Containers[0].Image
	for reason := "ErrImagePull"; ; reason = "ImagePullBackOff" {
		if binary, ok := w.kubelet.Image(image); ok {
			return binary, true
		}
		w.state.WaitingReason, w.state.Message = reason, "the lab has not built the image "+image
		w.report(ctx)
		if !w.sleep(ctx, retryInterval) {
			return "", false
		}
	}
}

// runProcesses starts the process again whenever it exits, until the pod is deleted.
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

// startProcess starts the process. It reports what the pod lacks in the pod's status, as a kubelet
// does.
func (w *podWorker) startProcess(ctx context.Context, binary, root, ip string) bool {
	k := w.kubelet
	pod := w.pod.DeepCopy() // with its address, which its environment may contain
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

// sleep waits for d. It returns false if the pod is deleted or ctx ends.
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

// watchProcess checks the process until it exits by itself (true) or the pod is deleted (false).
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

// terminateProcess stops the process within the pod's grace period.
func (w *podWorker) terminateProcess(ctx context.Context) {
	if ctx.Err() != nil {
		return // the lab stops all its processes
	}
	grace := maxGracePeriod
	if s := w.pod.Spec.TerminationGracePeriodSeconds; s != nil {
		grace = min(grace, time.Duration(*s)*time.Second)
	}
	w.kubelet.Processes.Stop(w.process.Component.Name, grace)
}

// refreshFiles writes the files whose content has changed, such as tokens and ConfigMaps.
func (w *podWorker) refreshFiles(ctx context.Context) {
	options := w.options
	p, err := ProcessForPod(ctx, w.kubelet.Cluster, w.pod, options)
	if err == nil {
		err = writeFiles(p.Component.Files)
	}
	if err != nil && ctx.Err() == nil {
		w.kubelet.logf(w.pod, "refresh the pod's files: %v", err)
	}
}

// writeFiles replaces changed files atomically, so that a reader never sees a partial file.
func writeFiles(files []component.File) error {
	for _, f := range files {
		if old, err := os.ReadFile(f.Path); err == nil && string(old) == f.Content {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil {
			return fmt.Errorf("create the directory of %s: %w", f.Path, err)
		}
		if err := os.WriteFile(f.Path+".new", []byte(f.Content), f.Mode); err != nil {
			return fmt.Errorf("write %s: %w", f.Path, err)
		}
		if err := os.Rename(f.Path+".new", f.Path); err != nil {
			return fmt.Errorf("rename %s.new: %w", f.Path, err)
		}
	}
	return nil
}
