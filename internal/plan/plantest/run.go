// SPDX-License-Identifier: Apache-2.0

package plantest

import (
	"slices"
	"testing"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
)

// Intent returns a request to move World to 1-31-0 in three explicit waves.
func Intent() step.Intent {
	return step.Intent{
		Run: "to-1-31-0", Revision: "1-31-0", Version: "1.31.0", Installable: true, Soak: time.Minute,
		Waves: [][]string{{"a"}, {"b", "c"}, {"d"}},
	}
}

// IntentForAll returns a request to move all bound namespaces to 1-31-0 in three waves.
func IntentForAll() step.Intent {
	return step.Intent{Run: "to-1-31-0", Revision: "1-31-0", Version: "1.31.0", Installable: true, WaveCount: 3}
}

// Forward returns the target of an upgrade of w, and ends the test on an error.
func Forward(t *testing.T, w mesh.World, in step.Intent, l step.Ledger) step.Target {
	t.Helper()
	target, err := plan.ForwardTarget(w, in, l)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// Run does one step after the other, chosen from the first stage by pick, until none is left or n
// are done. It calls see before each step.
func Run(
	t *testing.T, w mesh.World, target step.Target, l step.Ledger, n int, pick func(int) int,
	see func(mesh.World, step.Ledger, []step.Stage, step.Step),
) (mesh.World, step.Ledger, []step.Step) {
	t.Helper()
	var done []step.Step
	for len(done) != n {
		left := plan.Steps(w, target, l)
		if len(left) == 0 {
			break
		}
		s := left[0].Steps[pick(len(left[0].Steps))]
		CheckKeys(t, w, target, s)
		if see != nil {
			see(w, l, left, s)
		}
		l.Reached = max(l.Reached, plan.RankOf(target, s.Wave, s.Kind))
		w, l = plan.Simulate(w, target, l, s, Noon)
		done = append(done, s)
		if len(done) > 1000 {
			t.Fatalf("after 1000 steps: got %s, want an end", s)
		}
	}
	return w, l, done
}

// First picks the first step of a stage.
func First(int) int { return 0 }

// NewLedger returns the ledger of a run whose first plan is approved.
func NewLedger(w mesh.World, target step.Target) step.Ledger {
	return plan.NewLedger(plan.Make(w, target, step.Ledger{}), Noon)
}

// Approve returns the ledger with the current plan approved.
func Approve(w mesh.World, target step.Target, l step.Ledger) step.Ledger {
	return plan.Approve(l, plan.Make(w, target, l), Noon)
}

// Settled returns the World without what a rollback leaves: the installed revision, the CRD, and
// the restart annotations.
func Settled(w mesh.World) mesh.World {
	w = Clone(w)
	w.CRDInstalled = false
	w.Revisions = slices.DeleteFunc(w.Revisions, func(r mesh.Revision) bool { return r.Name == "1-31-0" })
	w.Webhooks = slices.DeleteFunc(w.Webhooks, func(h mesh.Webhook) bool { return h.Revision == "1-31-0" })
	for i := range w.Workloads {
		w.Workloads[i].RestartAnnotation = mesh.RestartAnnotation{}
		w.Workloads[i].Template.Hash = ""
		w.Workloads[i].Pods = slices.Clone(w.Workloads[i].Pods)
		for j := range w.Workloads[i].Pods {
			w.Workloads[i].Pods[j].Sidecar.Version = ""
		}
	}
	return w
}

// CheckKeys fails the test if a key of the step is read from a record as another key.
func CheckKeys(t *testing.T, w mesh.World, target step.Target, s step.Step) {
	t.Helper()
	later := s
	later.To += ", capacity" // something beside the step's own verdict
	for _, key := range []step.WaitKey{s.WaitKey(), later.WaitKey()} {
		var read step.WaitKey
		text, err := key.MarshalText()
		if err == nil {
			err = read.UnmarshalText(text)
		}
		if read != key || err != nil {
			t.Errorf("%s: the key of waiting is read as %+v, %v, want %+v", s, read, err, key)
		}
	}
	if s.Kind.Changes() {
		return
	}
	var read step.VerdictKey
	key := plan.VerdictKey(w, s, target)
	if err := read.UnmarshalText([]byte(key.String())); read != key || err != nil {
		t.Errorf("%s: the key of its verdict is read as %+v, %v, want %+v", s, read, err, key)
	}
}
