// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
)

// maxDrainsPerTurn bounds how many parked pods are deleted per observation, so that
// no deletion relies on an old observation of the replacements: a deleted pod cannot
// be restored.
const maxDrainsPerTurn = 20

// connectionsInterval is longer than Envoy takes between two counts of its connections.
const connectionsInterval = 6 * time.Second

// trafficReport is what parked pods' proxies report, by the pods' UIDs: "" for no
// traffic. A pod that is missing was not asked.
type trafficReport map[string]string

func (r trafficReport) known(p mesh.Pod) bool { _, ok := r[p.UID]; return ok }

// needsDrain reports whether a move deletes a pod whose proxy can be asked first.
func needsDrain(m swap.Action) bool {
	return m.Kind == swap.DeletePod && !m.Forced && m.Pod.Running && m.Pod.Ready && m.Pod.Sidecar.Present
}

// askTraffic asks the proxies of the pods that would be deleted now for their
// traffic. Each is asked twice, because short requests may fall between two
// questions. It asks until maxDrainsPerTurn pods report none, or for a bounded time.
func (t *turn) askTraffic(ctx context.Context, next []parkedMoves) trafficReport {
	report, deadline := trafficReport{}, t.Clock.Now().Add(maxAskTime(t.Poll))
	var idle []idlePod
	pause := t.Poll
	for _, p := range next {
		for _, m := range p.moves {
			if !needsDrain(m) || len(idle) == maxDrainsPerTurn || t.Clock.Now().After(deadline) {
				continue
			}
			ask := t.Observer.Traffic
			if p.wl.Gateway {
				ask = t.Observer.Connections
			}
			first, err := ask(ctx, p.wl.Namespace, m.Pod.Name)
			if reason := stillReceiving(first, err); reason != "" {
				report[m.Pod.UID] = reason
				continue
			}
			if p.wl.Gateway {
				pause = max(pause, connectionsInterval)
			}
			idle = append(idle, idlePod{namespace: p.wl.Namespace, pod: m.Pod, requests: first.Total, ask: ask})
		}
	}
	if len(idle) == 0 {
		return report
	}
	if err := t.Clock.Sleep(ctx, pause); err != nil {
		return report
	}
	for _, p := range idle {
		second, err := p.ask(ctx, p.namespace, p.pod.Name)
		reason := stillReceiving(second, err)
		if reason == "" && second.Total != p.requests {
			reason = fmt.Sprintf("%d requests in total, and %d a moment later", p.requests, second.Total)
		}
		report[p.pod.UID] = reason
	}
	return report
}

// maxAskTime bounds how long askTraffic asks.
func maxAskTime(poll time.Duration) time.Duration { return maxDrainsPerTurn * poll / 4 }

// idlePod is a pod that reported no traffic when it was first asked.
type idlePod struct {
	namespace string
	pod       mesh.Pod
	requests  int
	ask       func(ctx context.Context, namespace, pod string) (mesh.Traffic, error)
}

// stillReceiving returns what a pod receives, or why that is unknown; "" for nothing.
func stillReceiving(x mesh.Traffic, err error) string {
	switch {
	case err != nil:
		return err.Error()
	case !x.Idle:
		return x.Evidence
	}
	return ""
}
