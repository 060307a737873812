// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

// byHand names the namespaces that were on the run's revision before it began, by
// other hands or by another run, and what the way back can do about them.
func byHand(w mesh.World, t Target) []Note {
	revision := cmp.Or(t.Away, t.Revision)
	var notes []Note
	for _, ns := range w.Namespaces {
		if ns.Name == w.RootNamespace || !holds(w, ns.Name) {
			continue
		}
		was, ours := t.Found.Revisions[ns.Name]
		there, runs := serving(w, ns) == revision, marks(w, ns.Name, revision)
		n := Note{Kind: ByHand, Subject: ns.Name, Evidence: ns.Binding().String()}
		switch {
		case there && !ours:
			notes = append(notes, apart(t, n, revision, theirs(runs, t)))
		case ours && was == revision && t.From == "":
			notes = append(notes, underway(w, t, n, revision, theirs(runs, t))...)
		case there && !t.Back && t.From != "" && was == t.From && !slices.Contains(runs, t.Run):
			n.Text = fmt.Sprintf("is on %s already: it belongs to the run, is proven, and goes back to %s", revision, t.From)
			notes = append(notes, n)
		default:
			notes = append(notes, ownByHand(w, t, ns, revision, runs)...)
		}
	}
	return notes
}

const takenUp = "to have it taken back as well, say from where other hands moved it: --from REVISION"

// apart is a namespace on the revision that is no part of the run.
func apart(t Target, n Note, revision string, runs []string) Note {
	n.Text = fmt.Sprintf("is on %s already and is no part of the run: a rollback can only return it to what was found, and leaves it there", revision)
	if !t.Back { // --from is said before a rollback, not to it
		n.Clears = takenUp
	}
	if len(runs) > 0 {
		n.Kind, n.Clears = ByRun, rollbacks(t, runs)
		n.Text = fmt.Sprintf("is on %s already, bears the mark of run %s, and is no part of this one: a rollback of this one leaves it there", revision, strings.Join(runs, ", "))
	}
	return n
}

// underway is a namespace that was bound to the revision before the run began, while
// workloads of it had older sidecars: what the run restarts there was not taken
// from where its labels had led.
func underway(w mesh.World, t Target, n Note, revision string, runs []string) []Note {
	var olds []string
	behind := 0
	for _, wl := range w.In(n.Subject) {
		had := slices.DeleteFunc(strings.Split(t.Found.Sidecars[wl.Key()], "+"), func(r string) bool { return r == "" || r == revision })
		if len(had) > 0 && !wl.Gateway && t.Policy.Passage(wl).Moves() {
			olds = append(olds, had...)
			behind++
		}
	}
	if behind == 0 {
		return nil
	}
	olds = sorted(olds)
	n.Evidence += fmt.Sprintf("; workloads on %s then: %d", strings.Join(olds, ", "), behind)
	n.Text = fmt.Sprintf("was bound to %s before the run began, while pods of it were on %s: that label is what was found, so a rollback leaves it, and what the run restarts there, on %s", revision, strings.Join(olds, ", "), revision)
	switch {
	case len(runs) > 0:
		n.Kind, n.Clears = ByRun, rollbacks(t, runs)
	case t.Back:
	case len(olds) == 1:
		n.Clears = "to have it taken back as well, say from where other hands moved it: --from " + olds[0]
	default:
		n.Clears = takenUp
	}
	return []Note{n}
}

// rollbacks says how what other runs have moved is taken back.
func rollbacks(t Target, runs []string) string {
	var list []string
	for _, run := range runs {
		list = append(list, "`rerig rollback "+run+"`")
	}
	way := "what that run moved " + strings.Join(list, ", ") + " takes back, to where it was found"
	if t.Back {
		return way
	}
	return way + "; only where other hands moved it since, say from where: --from REVISION"
}

// marks are the runs that have restarted what is on a revision in a namespace, as
// far as nobody has restarted it since.
func marks(w mesh.World, namespace, revision string) []string {
	var runs []string
	for _, wl := range w.In(namespace) {
		if wl.Stamp.Run != "" && !wl.Gateway && slices.Equal(wl.Sidecars(), []string{revision}) && !since(wl) {
			runs = append(runs, wl.Stamp.Run)
		}
	}
	return sorted(runs)
}

// since reports whether `kubectl rollout restart` came after the last run.
func since(wl mesh.Workload) bool {
	at, err := time.Parse(time.RFC3339, wl.Template.Annotations["kubectl.kubernetes.io/restartedAt"])
	return err == nil && at.After(wl.Stamp.At)
}

// theirs are the runs that are not the target's own.
func theirs(runs []string, t Target) []string {
	return slices.DeleteFunc(slices.Clone(runs), func(run string) bool { return run == t.Run })
}
