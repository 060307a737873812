// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// Withdraw ends a trial pod that is not wanted any more.
const Withdraw Kind = "withdraw"

// What is written of a trial pod, until it is deleted.
const (
	Launch Verb = "launch" // make it, kept from the nodes
	Ungate Verb = "ungate" // let it to a node
	Serve  Verb = "serve"  // let it be ready, so that Services lead to it
	Recall Verb = "recall" // let it not be ready any more
)

const (
	TriedFirst NoteKind = "tried-first" // one more pod of it stands there for a while
	NotTried   NoteKind = "not-tried"   // a trial was asked for, and cannot be
)

// TrialPod is what a trial pod is to be.
type TrialPod struct {
	Run      string    `json:"run"`      // that it belongs to
	Revision string    `json:"revision"` // whose webhook injects it
	Mode     TrialMode `json:"mode"`
}

// trials are the workloads of a wave of which a pod has to be tried still. The
// step stays until the verdict is there and the pod is gone: what has passed and
// still stands there is under way.
func trials(w mesh.World, t Target, l Ledger, g Group) []Step {
	var steps []Step
	for _, name := range g.Namespaces {
		for _, wl := range w.In(name) {
			mode, want := t.Policy.TrialOf(wl), t.Want(wl)
			if !trialled(w, t, wl) || untriable(wl) != "" {
				continue
			}
			_, passed := l.Passed[TrialKey(w, wl, want, mode)]
			if !passed || len(w.TrialsOf(t.Run, wl.Key())) > 0 {
				steps = append(steps, Step{Kind: Trial, Wave: g.Wave, Subject: wl.Key(), From: string(mode), To: want})
			}
		}
	}
	return steps
}

// trialled reports whether a workload ought to be tried before it is moved: while
// its next pod would still be injected by another revision. Once that is the
// target, its own pods are the trial. A swap tries its first pod by itself.
func trialled(w mesh.World, t Target, wl mesh.Workload) bool {
	want := t.Want(wl)
	p := t.Policy.Passage(wl)
	if t.Back || want == "" || t.Policy.TrialOf(wl) == NoTrial || !p.Moves() || p.Way == BySwap || len(outdated(w, wl, want)) == 0 {
		return false
	}
	ns, _ := w.Namespace(wl.Namespace)
	return !slices.Equal(w.Injectors(ns, wl.Template), []string{want})
}

// untriable says why no pod of a workload can be tried, "" when one can.
func untriable(wl mesh.Workload) string {
	if wl.Kind.Templated() {
		return wl.Alone
	}
	return "of a " + string(wl.Kind) + " no pod can be made but by its own controller"
}

// withdrawals are the run's trial pods that no trial asks for: those of a way
// forth that was turned around, of a workload that is gone, or of a wish that was
// taken back.
func withdrawals(w mesh.World, t Target, l Ledger) []Step {
	if !slices.ContainsFunc(w.Trials, func(x mesh.Trial) bool { return x.Run == t.Run }) {
		return nil
	}
	wanted := map[string]bool{}
	for _, g := range t.Waves {
		for _, s := range trials(w, t, l, g) {
			wanted[s.Subject] = true
		}
	}
	var steps []Step
	for _, x := range w.Trials {
		if x.Run == t.Run && !wanted[x.Of] {
			steps = append(steps, Withdrawal(x))
		}
	}
	return steps
}

// Withdrawal is the step that ends one trial pod.
func Withdrawal(x mesh.Trial) Step {
	return Step{Kind: Withdraw, Subject: x.Of, From: x.Namespace + "/" + x.Pod.Name + " " + x.Pod.UID}
}

// OnTrial is a change of one trial pod.
func OnTrial(v Verb, x mesh.Trial) Change {
	return Change{Verb: v, Kind: "Pod", Namespace: x.Namespace, Name: x.Pod.Name, Expect: x.Pod.UID}
}

func launch(s Step, run string) (Change, error) {
	kind, name, ok := strings.Cut(s.Subject, " ")
	namespace, name, ok2 := strings.Cut(name, "/")
	if !ok || !ok2 {
		return Change{}, fault(s, "%q is no workload", s.Subject)
	}
	return Change{Verb: Launch, Kind: kind, Namespace: namespace, Name: name, Trial: &TrialPod{Run: run, Revision: s.To, Mode: TrialMode(s.From)}}, nil
}

func withdraw(s Step) (Change, error) {
	pod, uid, ok := strings.Cut(s.From, " ")
	namespace, name, ok2 := strings.Cut(pod, "/")
	if !ok || !ok2 {
		return Change{}, fault(s, "%q is no pod", s.From)
	}
	return Change{Verb: Delete, Kind: "Pod", Namespace: namespace, Name: name, Expect: uid}, nil
}

// withdrawn takes a trial pod out of a predicted World.
func withdrawn(w *mesh.World, s Step) {
	w.Trials = slices.DeleteFunc(slices.Clone(w.Trials), func(x mesh.Trial) bool { return Withdrawal(x) == s })
}

// tried says of a workload what its trial means, or why there is none.
func tried(w mesh.World, t Target, wl mesh.Workload) []Note {
	mode := t.Policy.TrialOf(wl)
	switch {
	case !trialled(w, t, wl):
		return nil
	case untriable(wl) != "":
		return []Note{{Kind: NotTried, Subject: wl.Key(), Text: "is moved without having been tried: " + untriable(wl), Evidence: "trial " + string(mode) + " was asked for"}}
	}
	return append(standingBy(t, wl, mode), withoutRoom(w, wl)...)
}

// withoutRoom says that a trial pod finds no place.
func withoutRoom(w mesh.World, wl mesh.Workload) []Note {
	lack := w.Lacks(wl, 1)
	if lack == "" {
		return nil
	}
	return []Note{{Kind: NoRoom, Subject: wl.Key(), Evidence: lack, Clears: "make room: raise the quota, add a node, or scale something down; or have it moved without a trial",
		Text: "has no room for its trial pod, which holds the run when that does not change"}}
}

// noEvictions is what the disruption controller makes of a pod whose controller has
// no scale, where it has to know one: getExpectedScale in
// pkg/controller/disruption/disruption.go, Kubernetes v1.34.
const noEvictions = "; while it stands, a disruption budget that selects it and has maxUnavailable, or a percentage, allows no eviction of any pod (its condition says SyncFailed)"

// standingBy says what it means that one more pod stands there.
func standingBy(t Target, wl mesh.Workload, mode TrialMode) []Note {
	text := "is tried first: one more pod of it, on " + t.Want(wl)
	switch {
	case mode == OutSight:
		text += ", that its Services do not lead to"
	case len(TrialServices(wl)) == 0:
		text += ", that serves nobody: no Service leads to it, or one does before a pod is ready, whose labels it then lacks"
	default:
		text += ", that serves beside the others for a while, once it is proven; autoscalers and disruption budgets that select by its labels count it meanwhile"
	}
	return []Note{{Kind: TriedFirst, Subject: wl.Key(), Text: text + noEvictions, Evidence: string(mode)}}
}

// Tried is the newest verdict on a trial pod of a workload. The template that was
// tried need not be the one that it has now: a restart stamps it.
func (l Ledger) Tried(wl mesh.Workload) (Pass, bool) {
	var newest Pass
	for key, pass := range l.Passed {
		if strings.HasPrefix(key, "trial "+wl.Key()+" ") && pass.At.After(newest.At) {
			newest = pass
		}
	}
	return newest, !newest.At.IsZero()
}
