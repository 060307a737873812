// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/selection"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// movedBefore names the namespaces that were on the run's revision before it began, by
// other hands or by another run, and what the way back can do about them.
func movedBefore(w mesh.World, t step.Target) []step.Note {
	revision := cmp.Or(t.LeftRevision, t.Revision)
	var notes []step.Note
	for _, ns := range w.Namespaces {
		if ns.Name == w.RootNamespace || !selection.HasSidecars(w, ns.Name) {
			continue
		}
		was, ours := t.Baseline.Revisions[step.BoundNamespace(ns.Name)]
		there, runs := binding.InjectedBy(w, ns) == revision, runsOf(w, ns.Name, revision)
		n := step.Note{Kind: step.MovedBefore, Subject: ns.Name, Evidence: ns.Binding().String()}
		switch {
		case there && !ours:
			notes = append(notes, movedBeforeNote(t, n, revision, otherRuns(runs, t)))
		case ours && was == revision && t.From == "":
			notes = append(notes, movedByRunNotes(w, t, n, revision, otherRuns(runs, t))...)
		case there && !t.Rollback && t.From != "" && was == t.From && !slices.Contains(runs, t.Run):
			n.Text = fmt.Sprintf("is on %s already: it belongs to the run, is proven, and goes back to %s", revision, t.From)
			notes = append(notes, n)
		default:
			notes = append(notes, movedBeforeWorkloads(w, t, ns, revision, runs)...)
		}
	}
	return notes
}

const fromHint = "to have it taken back as well, say from where other hands moved it: --from REVISION"

// movedBeforeNote is a namespace on the revision that is no part of the run.
func movedBeforeNote(t step.Target, n step.Note, revision string, runs []string) step.Note {
	n.Text = fmt.Sprintf("is on %s already and is no part of the run: a rollback can only return it to what was found, and leaves it there", revision)
	if !t.Rollback { // --from is said before a rollback, not to it
		n.Remedy = fromHint
	}
	if len(runs) > 0 {
		n.Kind, n.Remedy = step.MovedByRun, rollbacks(t, runs)
		n.Text = fmt.Sprintf("is on %s already, bears the mark of run %s, and is no part of this one: a rollback of this one leaves it there", revision, strings.Join(runs, ", "))
	}
	return n
}

// movedByRunNotes is a namespace that was bound to the revision before the run began, while
// workloads of it had older sidecars: what the run restarts there was not taken
// from where its labels had led.
func movedByRunNotes(w mesh.World, t step.Target, n step.Note, revision string, runs []string) []step.Note {
	var olds []string
	behind := 0
	for _, wl := range w.In(n.Subject) {
		had := slices.DeleteFunc(strings.Split(t.Baseline.Sidecars[wl.Ref()], "+"), func(r string) bool { return r == "" || r == revision })
		if len(had) > 0 && !wl.Gateway && strategy.Decide(t.Policy, wl).Moves() {
			olds = append(olds, had...)
			behind++
		}
	}
	if behind == 0 {
		return nil
	}
	olds = step.SortedUnique(olds)
	n.Evidence += fmt.Sprintf("; workloads on %s then: %d", strings.Join(olds, ", "), behind)
	n.Text = fmt.Sprintf("was bound to %s before the run began, while pods of it were on %s: that label is what was found, so a rollback leaves it, and what the run restarts there, on %s", revision, strings.Join(olds, ", "), revision)
	switch {
	case len(runs) > 0:
		n.Kind, n.Remedy = step.MovedByRun, rollbacks(t, runs)
	case t.Rollback:
	case len(olds) == 1:
		n.Remedy = "to have it taken back as well, say from where other hands moved it: --from " + olds[0]
	default:
		n.Remedy = fromHint
	}
	return []step.Note{n}
}

// rollbacks says how what other runs have moved is taken back.
func rollbacks(t step.Target, runs []string) string {
	var list []string
	for _, run := range runs {
		list = append(list, "`rerig rollback "+run+"`")
	}
	way := "what that run moved " + strings.Join(list, ", ") + " takes back, to where it was found"
	if t.Rollback {
		return way
	}
	return way + "; only where other hands moved it since, say from where: --from REVISION"
}

// runsOf are the runs that have restarted what is on a revision in a namespace, as
// far as nobody has restarted it since.
func runsOf(w mesh.World, namespace, revision string) []string {
	var runs []string
	for _, wl := range w.In(namespace) {
		if wl.RestartAnnotation.Run != "" && !wl.Gateway && slices.Equal(wl.Sidecars(), []string{revision}) && !restartedByRun(wl) {
			runs = append(runs, wl.RestartAnnotation.Run)
		}
	}
	return step.SortedUnique(runs)
}

// restartedByRun reports whether `kubectl rollout restart` came after the last run.
func restartedByRun(wl mesh.Workload) bool {
	at, err := time.Parse(time.RFC3339, wl.Template.Annotations["kubectl.kubernetes.io/restartedAt"])
	return err == nil && at.After(wl.RestartAnnotation.At)
}

// otherRuns are the runs that are not the target's own.
func otherRuns(runs []string, t step.Target) []string {
	return slices.DeleteFunc(slices.Clone(runs), func(run string) bool { return run == t.Run })
}
