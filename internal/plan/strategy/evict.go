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

// EvictSteps are the workloads of a wave that are moved by eviction and have
// pods that are not where they should be, or a template whose label is not.
func EvictSteps(w mesh.World, t step.Target, l step.Ledger, g step.Wave) []step.Step {
	var steps []step.Step
	for _, name := range g.Namespaces {
		for _, wl := range w.In(name) {
			want := t.RevisionOf(wl)
			if want == "" || Decide(t.Policy, wl).Strategy != step.ByEviction || l.Evicted(wl, want) >= step.MaxAttempts*max(wl.Replicas, 1) {
				continue
			}
			var from []string
			for _, p := range PodsToEvict(wl, want) {
				from = append(from, p.Sidecar.Revision)
			}
			if len(from) == 0 {
				from = binding.StaleTemplateRevision(t, w, wl)
			}
			if len(from) > 0 {
				steps = append(steps, step.Step{Kind: step.EvictPods, Wave: g.Number, Subject: step.Subject(wl.Ref()), From: strings.Join(step.SortedUnique(from), "+"), To: want, API: wl.API, TemplateLabel: t.TemplateLabels[wl.Ref()]})
			}
		}
	}
	return steps
}

// PodsToEvict are the live pods with another sidecar than the wanted one, in the order
// in which they are evicted: first those that serve nobody, then a StatefulSet's
// from the highest ordinal down, as its controller would take them.
func PodsToEvict(wl mesh.Workload, want string) []mesh.Pod {
	list := slices.DeleteFunc(wl.Live(), func(p mesh.Pod) bool { return !p.Sidecar.Present || p.Sidecar.Revision == want })
	slices.SortStableFunc(list, func(a, b mesh.Pod) int {
		if a.Ready != b.Ready {
			return map[bool]int{true: 1, false: -1}[a.Ready]
		}
		return cmp.Or(cmp.Compare(ordinal(b), ordinal(a)), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// ordinal is the number at the end of a StatefulSet's pod's name; other names have
// none.
func ordinal(p mesh.Pod) int {
	n, err := strconv.Atoi(p.Name[strings.LastIndex(p.Name, "-")+1:])
	if err != nil {
		return -1
	}
	return n
}

// NextEviction is the pod of a workload that is evicted now, or what has to come
// first: one pod at a time is away, and the one before is back, ready and as it
// should be.
func NextEviction(wl mesh.Workload, want string) (next mesh.Pod, first string) {
	list := PodsToEvict(wl, want)
	if len(list) == 0 {
		return mesh.Pod{}, "nothing is left to evict"
	}
	for _, p := range wl.Pods {
		if p.Terminating {
			return mesh.Pod{}, fmt.Sprintf("pod %s is on its way out", p.Name)
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

// missing tells of pods that ought to be there, with their controller's words.
func missing(n int, wl mesh.Workload) string {
	text := fmt.Sprintf("%d of %d pods are there", n, wl.Replicas)
	if wl.Rollout.Message != "" {
		text += ": " + wl.Rollout.Message
	}
	return text
}

// RestoresLabelOnly reports whether a step gives a template its label back under pods that
// are as they should be. It waits for no room: what it puts back is a rollout that
// is under way, and found none.
func RestoresLabelOnly(s step.Step, wl mesh.Workload) bool {
	return s.TemplateLabelPending(wl) && len(wl.Live()) > 0 && len(PodsToEvict(wl, s.To)) == 0
}
