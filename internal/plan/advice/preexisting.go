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

// movedBefore notes the namespaces that were on the run's revision before it began, and
// what a rollback does about them.
func movedBefore(w mesh.World, t step.Target) []step.Note {
	revision := cmp.Or(t.LeftRevision, t.Revision)
	var notes []step.Note
	for _, ns := range w.Namespaces {
		if ns.Name == w.RootNamespace || !selection.HasSidecars(w, t.Policy, ns.Name) {
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
			n.Text = fmt.Sprintf("is on %s already: it is part of the run, is verified, and is rolled back to %s", revision, t.From)
			notes = append(notes, n)
		default:
			notes = append(notes, movedBeforeWorkloads(w, t, ns, revision, runs)...)
		}
	}
	return notes
}

const fromHint = "to roll it back as well, name the revision it was moved from: --from REVISION"

// movedBeforeNote notes a namespace on the revision that is not part of the run.
func movedBeforeNote(t step.Target, n step.Note, revision string, runs []string) step.Note {
	n.Text = fmt.Sprintf("is on %s already and is not part of the run: a rollback leaves it there", revision)
	if !t.Rollback { // a rollback takes no --from
		n.Remedy = fromHint
	}
	if len(runs) > 0 {
		n.Kind, n.Remedy = step.MovedByRun, rollbacks(t, runs)
		n.Text = fmt.Sprintf("is on %s already, moved by run %s, and is not part of this run: ", revision, strings.Join(runs, ", ")) +
			"a rollback of this run leaves it there"
	}
	return n
}

// movedByRunNotes notes a namespace that was bound to the revision before the run began,
// while workloads in it had older sidecars.
func movedByRunNotes(w mesh.World, t step.Target, n step.Note, revision string, runs []string) []step.Note {
	var olds []string
	behind := 0
	for _, wl := range w.WorkloadsIn(n.Subject) {
		had := slices.DeleteFunc(mesh.SplitRevisions(t.Baseline.Sidecars[wl.Ref()]), func(r string) bool { return r == "" || r == revision })
		if len(had) > 0 && strategy.Decide(t.Policy, wl).Moves() {
			olds = append(olds, had...)
			behind++
		}
	}
	if behind == 0 {
		return nil
	}
	olds = step.SortedUnique(olds)
	were := strings.Join(olds, ", ")
	n.Evidence += fmt.Sprintf("; workloads on %s when the run began: %d", were, behind)
	n.Text = fmt.Sprintf("was bound to %s before the run began, while pods in it were on %s: ", revision, were) +
		"a rollback restores that label, and leaves what the run restarts there on " + revision
	switch {
	case len(runs) > 0:
		n.Kind, n.Remedy = step.MovedByRun, rollbacks(t, runs)
	case t.Rollback:
	case len(olds) == 1:
		n.Remedy = "to roll it back as well, name the revision it was moved from: --from " + olds[0]
	default:
		n.Remedy = fromHint
	}
	return []step.Note{n}
}

// rollbacks says how to roll back what other runs moved.
func rollbacks(t step.Target, runs []string) string {
	var list []string
	for _, run := range runs {
		list = append(list, "`rerig rollback "+run+"`")
	}
	remedy := "what that run moved is rolled back by " + strings.Join(list, ", ")
	if t.Rollback {
		return remedy
	}
	return remedy + "; if another tool or person moved it since, name the revision it was moved from: --from REVISION"
}

// runsOf returns the runs that restarted workloads in a namespace that are on the revision
// and were not restarted since.
func runsOf(w mesh.World, namespace, revision string) []string {
	var runs []string
	for _, wl := range w.WorkloadsIn(namespace) {
		if wl.RestartAnnotation.Run != "" && slices.Equal(wl.Sidecars(), []string{revision}) && !restartedSince(wl) {
			runs = append(runs, wl.RestartAnnotation.Run)
		}
	}
	return step.SortedUnique(runs)
}

// restartedSince reports whether `kubectl rollout restart` came after the last run.
func restartedSince(wl mesh.Workload) bool {
	at, err := time.Parse(time.RFC3339, wl.Template.Annotations["kubectl.kubernetes.io/restartedAt"])
	return err == nil && at.After(wl.RestartAnnotation.At)
}

// otherRuns returns the runs other than the target's own.
func otherRuns(runs []string, t step.Target) []string {
	return slices.DeleteFunc(slices.Clone(runs), func(run string) bool { return run == t.Run })
}
