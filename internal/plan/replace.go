// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// replacements are the workloads of a wave that are moved by eviction and have
// pods that are not where they should be, or a template whose label is not.
func replacements(w mesh.World, t Target, l Ledger, g Group) []Step {
	var steps []Step
	for _, name := range g.Namespaces {
		for _, wl := range w.In(name) {
			want := t.Want(wl)
			if want == "" || t.Policy.Passage(wl).Way != ByEviction || l.Evicted(wl, want) >= Attempts*max(wl.Wanted, 1) {
				continue
			}
			var from []string
			for _, p := range lagging(wl, want) {
				from = append(from, p.Sidecar.Revision)
			}
			if len(from) == 0 {
				from = t.astray(w, wl)
			}
			if len(from) > 0 {
				steps = append(steps, Step{Kind: Replace, Wave: g.Wave, Subject: wl.Key(), From: strings.Join(sorted(from), "+"), To: want, API: wl.API, Pin: t.Pins[wl.Key()]})
			}
		}
	}
	return steps
}

// lagging are the live pods with another sidecar than the wanted one, in the order
// in which they are evicted: first those that serve nobody, then a StatefulSet's
// from the highest ordinal down, as its controller would take them.
func lagging(wl mesh.Workload, want string) []mesh.Pod {
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
	list := lagging(wl, want)
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
			return mesh.Pod{}, fmt.Sprintf("pod %s is not ready: %s", p.Name, p.Trouble)
		}
	}
	if n := len(wl.Live()); n < wl.Wanted {
		return mesh.Pod{}, missing(n, wl)
	}
	return list[0], ""
}

// missing tells of pods that ought to be there, with their controller's words.
func missing(n int, wl mesh.Workload) string {
	text := fmt.Sprintf("%d of %d pods are there", n, wl.Wanted)
	if wl.Rollout.Message != "" {
		text += ": " + wl.Rollout.Message
	}
	return text
}

// NoteEviction notes a pod that is about to be evicted.
func (l *Ledger) NoteEviction(wl mesh.Workload, want string, p mesh.Pod) {
	if l.Evicting == nil {
		l.Evicting = map[string]bool{}
	}
	l.Evicting[wl.Key()] = true
	note(&l.Evictions, restartKey(wl, want), short(p.UID))
}

// Evicted is how many pods of a workload a run has evicted in its stage. One that
// was noted and is still there was not.
func (l Ledger) Evicted(wl mesh.Workload, want string) int {
	n := 0
	for _, uid := range l.Evictions[restartKey(wl, want)] {
		if !slices.ContainsFunc(wl.Live(), func(p mesh.Pod) bool { return short(p.UID) == uid }) {
			n++
		}
	}
	return n
}

// short is enough of a UID to tell the pods of one workload apart: half of what a
// long run writes down would be these.
func short(uid string) string { return uid[:min(len(uid), 8)] }
