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
	// tick is how often a process is looked at.
	tick = 100 * time.Millisecond
	// longestGrace bounds how long an istiod may take to leave.
	longestGrace = 5 * time.Second
	// again is how often what hinders a pod is looked at anew.
	again = 2 * time.Second
	// longestBackoff bounds the wait of a process that ends again and again. A
	// kubelet waits up to five minutes; nobody has that patience with a lab.
	longestBackoff = 10 * time.Second
	// refresh is how often a pod's files are written anew: its token lives an hour.
	refresh = time.Minute
)

// task is one pod's way from being scheduled to being gone.
type task struct {
	agent *Agent
	pod   *corev1.Pod
	leave chan struct{} // closed when the pod is to go
	once  sync.Once

	place   Place // of the present process
	process Process
	drop    func() // forgets its address
	state   State
	said    State
}

func (t *task) end() { t.once.Do(func() { close(t.leave) }) }

func (t *task) run(ctx context.Context) {
	a := t.agent
	root := filepath.Join(a.Dir, t.pod.Namespace+"."+t.pod.Name)
	t.state = State{HostIP: a.HostIP, Began: time.Now()}
	if binary, ok := t.image(ctx); ok {
		t.live(ctx, binary, root)
	}
	if ctx.Err() != nil {
		return // the whole lab ends
	}
	t.drop()
	if err := a.Cluster.Remove(ctx, t.pod); err != nil {
		a.say(t.pod, "%v", err)
	}
	_ = os.RemoveAll(root) // the lab's folder goes as a whole anyway
}

// image waits until there is the pod's image, as a kubelet goes on trying.
func (t *task) image(ctx context.Context) (string, bool) {
	image := t.pod.Spec.Containers[0].Image
	for reason := "ErrImagePull"; ; reason = "ImagePullBackOff" {
		if binary, ok := t.agent.Image(image); ok {
			return binary, true
		}
		t.state.Waiting, t.state.Message = reason, "the lab has no image "+image
		t.report(ctx)
		if !t.sleep(ctx, again) {
			return "", false
		}
	}
}

// live runs one process after the other until the pod is to go.
func (t *task) live(ctx context.Context, binary, root string) {
	ip := t.agent.nextIP()
	for backoff := time.Duration(0); ; backoff = min(max(2*backoff, time.Second), longestBackoff) {
		if !t.sleep(ctx, backoff) {
			return
		}
		began := time.Now()
		if !t.start(ctx, binary, root, ip) {
			continue
		}
		if !t.watch(ctx) {
			return
		}
		t.ended(ctx)
		if time.Since(began) > time.Minute {
			backoff = 0
		}
	}
}

// start makes the process; what the pod lacks is told in its status, as a kubelet does.
func (t *task) start(ctx context.Context, binary, root, ip string) bool {
	a := t.agent
	pod := t.pod.DeepCopy() // as it will be, for its own environment
	pod.Status.PodIP, pod.Status.PodIPs, pod.Status.HostIP = ip, []corev1.PodIP{{IP: ip}}, a.HostIP
	free, err := ports.Free(len(listeners))
	if err != nil {
		return t.hindered(ctx, "CreateContainerError", err)
	}
	at := Place{Binary: binary, Root: root, Ports: free, Server: a.Server, CA: a.CA, Machine: a.Machine}
	p, err := Translate(ctx, a.Cluster, pod, at)
	if err != nil {
		return t.hindered(ctx, "CreateContainerConfigError", err)
	}
	if err := a.Processes.Start(ctx, p.Component); err != nil {
		return t.hindered(ctx, "RunContainerError", err)
	}
	t.drop = a.Routes.Set(ip, p.Ports)
	t.state.IP, t.state.Running, t.state.Waiting, t.state.Message = ip, time.Now(), "", ""
	t.pod, t.place, t.process = pod, at, p
	t.report(ctx)
	if err := a.Cluster.Forward(ctx, t.pod, p.Ports); err != nil {
		a.say(t.pod, "%v", err)
	}
	return true
}

// sleep is false when the pod is to go.
func (t *task) sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-t.leave:
		return false
	case <-time.After(d):
		return true
	}
}

// watch looks after a process until it ends by itself (true), or the pod is to
// go, when it ends it (false).
func (t *task) watch(ctx context.Context) bool {
	r := newReadiness(&t.pod.Spec.Containers[0], t.process.Ports)
	name, fresh := t.process.Component.Name, time.Now()
	for {
		if !t.sleep(ctx, tick) {
			t.stop(ctx)
			return false
		}
		if !t.agent.Processes.Running(name) {
			return true
		}
		t.state.Ready = r.look(ctx, time.Now())
		t.report(ctx)
		if time.Since(fresh) > refresh {
			fresh = time.Now()
			t.freshen(ctx)
		}
	}
}

// stop ends the process as the pod's grace period allows; a pod on its way out is not ready.
func (t *task) stop(ctx context.Context) {
	if ctx.Err() != nil {
		return // the lab stops all processes itself
	}
	grace := longestGrace
	if s := t.pod.Spec.TerminationGracePeriodSeconds; s != nil {
		grace = min(grace, time.Duration(*s)*time.Second)
	}
	t.agent.Processes.Stop(t.process.Component.Name, grace)
}

// freshen writes the pod's files anew where they have changed: a token, a ConfigMap.
func (t *task) freshen(ctx context.Context) {
	at := t.place
	p, err := Translate(ctx, t.agent.Cluster, t.pod, at)
	if err == nil {
		err = lay(p.Component.Files)
	}
	if err != nil && ctx.Err() == nil {
		t.agent.say(t.pod, "refresh its files: %v", err)
	}
}

// lay writes files so that a reader sees the old or the new content, never half of it.
func lay(files []component.File) error {
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
