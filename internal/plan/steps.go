// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// Definition is the name of the MeshUpgrade definition.
const Definition = "meshupgrades.rerig.dev"

// Attempts is how often a workload is restarted in its stage: a second time
// when a pod was injected before the API server's webhooks saw the new label.
// It bounds two things more: of a workload that is moved by eviction, how many
// pods are evicted for each that it wants; and of a swapped one, how many pods
// stand outside of its ReplicaSet because what took their place was of the wrong
// revision, or a stand-in that a crash left.
const Attempts = 2

// Steps returns what is left to do, in stages; none means done. It is computed
// anew from what is there, so that a crash at any point is the same as no crash.
func Steps(w mesh.World, t Target, l Ledger) []Stage {
	var stages []Stage
	add := func(wave int, kind Kind, steps []Step) {
		if len(steps) > 0 {
			stages = append(stages, Stage{wave, kind, steps})
		}
	}
	add(0, Define, defines(w))
	add(0, Withdraw, withdrawals(w, t, l))
	add(0, Install, installs(w, t, l))
	add(0, Admit, admits(w, t, l))
	if t.Back {
		add(0, Pin, pins(w, t))
		add(0, Tag, tags(w, t))
	}
	for _, g := range t.Waves {
		add(g.Wave, Trial, trials(w, t, l, g))
		add(g.Wave, Label, labels(w, t, g))
		add(g.Wave, Preset, presets(w, t, g))
		add(g.Wave, Evict, evictions(w, t, g))
		add(g.Wave, Restart, restarts(w, t, l, g))
		add(g.Wave, Replace, replacements(w, t, l, g))
		add(g.Wave, Swap, swaps(w, t, g))
		add(g.Wave, Prove, proofs(w, t, l, g))
		add(g.Wave, Soak, soaks(t, l, g))
		if !t.Back {
			add(g.Wave, Retire, retirements(w, t, g))
		}
	}
	for _, g := range t.Waves {
		if t.Back {
			add(g.Wave, Retire, retirements(w, t, g))
		}
	}
	if !t.Back {
		add(0, Tag, tags(w, t))
		add(0, Unpin, unpins(w, t))
	}
	add(0, Remove, removals(w, t))
	add(0, Try, tries(w, t, l))
	return stages
}

func defines(w mesh.World) []Step {
	if w.Defined {
		return nil
	}
	return []Step{{Kind: Define, Subject: Definition}}
}

// installs is needed when the revision is not there, and when this run began to
// install it and is not known to have ended: then the whole is repeated. On the
// way back it is what was taken away that is needed.
func installs(w mesh.World, t Target, l Ledger) []Step {
	if t.Back {
		return restores(w, t)
	}
	_, there := w.Revision(t.Revision)
	if there && l.Install != Begun {
		return nil
	}
	return []Step{{Kind: Install, Subject: t.Revision, To: t.Version}}
}

func admits(w mesh.World, t Target, l Ledger) []Step {
	var steps []Step
	for _, name := range t.ControlPlanes() {
		if _, ok := l.Passed[AdmitKey(w, name)]; !ok {
			steps = append(steps, Step{Kind: Admit, Subject: name})
		}
	}
	return steps
}

func labels(w mesh.World, t Target, g Group) []Step {
	var steps []Step
	for _, name := range g.Namespaces {
		ns, ok := w.Namespace(name)
		if from := t.coming(w, ns); ok && !t.fulfilled(w, name, from) {
			steps = append(steps, Step{Kind: Label, Wave: g.Wave, Subject: name, From: from.String(), To: t.Bindings[name].String(), By: ns.Owner})
		}
	}
	return steps
}

func restarts(w mesh.World, t Target, l Ledger, g Group) []Step {
	var steps []Step
	for _, name := range g.Namespaces {
		for _, wl := range w.In(name) {
			want := t.Want(wl)
			if want == "" {
				continue
			}
			old := outdated(w, wl, want)
			if t.Back && len(old) == 0 && bare(wl, t.Run, l) {
				old = []string{"no sidecar"}
			}
			if len(old) == 0 {
				old = t.astray(w, wl)
			}
			p := t.Policy.Passage(wl)
			if len(old) == 0 || p.Way != ByRestart && p.Way != ByField || l.Restarted(wl, want) >= Attempts {
				continue
			}
			steps = append(steps, Step{Kind: Restart, Wave: g.Wave, Subject: wl.Key(), From: strings.Join(old, "+"), To: want, Field: p.Field, API: wl.API, Pin: t.Pins[wl.Key()]})
		}
	}
	return steps
}

func proofs(w mesh.World, t Target, l Ledger, g Group) []Step {
	var steps []Step
	for _, wl := range Provable(w, t, l, g) {
		want := t.Want(wl)
		if _, ok := l.Passed[ProofKey(w, wl, want)]; !ok {
			steps = append(steps, Step{Kind: Prove, Wave: g.Wave, Subject: wl.Key(), To: want})
		}
	}
	return steps
}

func soaks(t Target, l Ledger, g Group) []Step {
	if t.Soak == 0 {
		return nil
	}
	if _, ok := l.Passed[SoakKey(g.Wave, t.Revision)]; ok {
		return nil
	}
	return []Step{{Kind: Soak, Wave: g.Wave, Subject: strings.Join(g.Namespaces, ", "), To: t.Soak.String()}}
}

// Provable returns the workloads of a wave that have to be proven: those that a
// restart moves and that carry a sidecar, or carried one when the run began and
// ought to have pods now. On the way back those that the run never touched are
// left alone.
func Provable(w mesh.World, t Target, l Ledger, g Group) []mesh.Workload {
	var list []mesh.Workload
	for _, name := range g.Namespaces {
		for _, wl := range w.In(name) {
			if t.Want(wl) == "" {
				continue
			}
			carried := l.Baseline.Sidecars[wl.Key()] != "" && wl.Wanted > 0
			moved := wl.Stamp.Run == t.Run || replaced(wl, l) || wl.Swapping() || swapApproved(wl, l) || slices.ContainsFunc(wl.Sidecars(), func(r string) bool { return r != "" && r != t.Want(wl) })
			if (t.Policy.Passage(wl).Moves() || heldBack(wl, l)) && (wl.Injected() || carried) && (moved || !t.Back) && !wl.Gone {
				list = append(list, wl)
			}
		}
	}
	return list
}

// heldBack reports whether somebody paused a workload, or made it keep its old
// pods, after its restart was agreed to: it has to be proven all the same.
func heldBack(wl mesh.Workload, l Ledger) bool {
	return (wl.Rollout.Paused || wl.Rollout.Manual) && slices.ContainsFunc(l.Approved, func(s Step) bool {
		return (s.Kind == Restart || s.Kind == Replace) && s.Subject == wl.Key()
	})
}

// replaced reports whether the run was to move a workload by eviction, of which no
// stamp tells.
func replaced(wl mesh.Workload, l Ledger) bool {
	return l.Evicting[wl.Key()] || slices.ContainsFunc(l.Approved, func(s Step) bool { return s.Kind == Replace && s.Subject == wl.Key() })
}

func sorted(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
