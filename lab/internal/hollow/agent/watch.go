// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"time"
)

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
