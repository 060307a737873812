// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

// EvictSteps returns the workloads of a wave that are moved by eviction and have pods, or
// a template label, of another revision than the target's.
func EvictSteps(w mesh.World, t step.Target, l step.Ledger, g step.Wave) []step.Step {
	var steps []step.Step
	for _, name := range g.Namespaces {
		for _, wl := range w.WorkloadsIn(name) {
			want := t.RevisionOf(wl)
			if want == "" || l.Evicted(wl, want) >= step.MaxAttempts*max(wl.Replicas, 1) || Decide(t.Policy, wl).Strategy != step.ByEviction {
				continue
			}
			var from []string
			for _, p := range podsToEvict(wl, want) {
				from = append(from, p.Sidecar.Revision)
			}
			if len(from) == 0 {
				from = binding.StaleTemplateRevision(t, w, wl)
			}
			if len(from) > 0 {
				steps = append(steps, step.Step{
					Kind: step.EvictPods, Wave: g.Number, Subject: step.Subject(wl.Ref()),
					From: mesh.JoinRevisions(step.SortedUnique(from)), To: want, API: wl.APIVersion, TemplateLabel: t.TemplateLabels[wl.Ref()],
				})
			}
		}
	}
	return steps
}

// podsToEvict returns the live pods whose sidecar is of another revision, in the order in
// which they are evicted: pods that are not ready first, then from the highest ordinal
// down, as the StatefulSet controller does.
func podsToEvict(wl mesh.Workload, want string) []mesh.Pod {
	list := slices.DeleteFunc(wl.Live(), func(p mesh.Pod) bool { return !p.Sidecar.Present || p.Sidecar.Revision == want })
	slices.SortStableFunc(list, func(a, b mesh.Pod) int {
		if a.Ready != b.Ready {
			if a.Ready {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(ordinal(b), ordinal(a)), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// ordinal returns the number at the end of a StatefulSet pod's name, -1 for other names.
func ordinal(p mesh.Pod) int {
	n, err := strconv.Atoi(p.Name[strings.LastIndex(p.Name, "-")+1:])
	if err != nil {
		return -1
	}
	return n
}

// NextEviction returns the pod of a workload to evict now, or what has to happen first:
// one pod at a time is missing, and its replacement has to be ready.
func NextEviction(wl mesh.Workload, want string) (next mesh.Pod, waitFor string) {
	list := podsToEvict(wl, want)
	if len(list) == 0 {
		return mesh.Pod{}, "no pod is left to evict"
	}
	for _, p := range wl.Pods {
		if p.Terminating {
			return mesh.Pod{}, fmt.Sprintf("pod %s is terminating", p.Name)
		}
	}
	for _, p := range wl.Live() {
		if !p.Ready && p.Name != list[0].Name {
			return mesh.Pod{}, fmt.Sprintf("pod %s is not ready: %s", p.Name, p.Problem)
		}
	}
	if n := len(wl.Live()); n < wl.Replicas {
		return mesh.Pod{}, missing(n, wl)
	}
	return list[0], ""
}

// missing describes missing pods, with their controller's message.
func missing(n int, wl mesh.Workload) string {
	text := fmt.Sprintf("%d of %d pods exist", n, wl.Replicas)
	if wl.Rollout.Message != "" {
		text += ": " + wl.Rollout.Message
	}
	return text
}

// RestoresLabelOnly reports whether a step restores a template's label while all pods are
// of the right revision. Such a step waits for no capacity: it rolls back a rollout that
// found none.
func RestoresLabelOnly(s step.Step, wl mesh.Workload) bool {
	return s.TemplateLabelPending(wl) && len(wl.Live()) > 0 && len(podsToEvict(wl, s.To)) == 0
}
