// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// removedTargetUpgrade returns an upgrade to a revision that existed before the run, and
// that is removed once the second wave is labelled. The function re-creates it.
func removedTargetUpgrade() (f *fake, recreate func()) {
	f = newUpgrade()
	f.simulate(step.Step{Kind: step.Install, Subject: "1-31-0", To: "1.31.0"})
	f.intent.Installable, f.ledger = false, step.Ledger{}
	f.approve()
	revisions, webhooks, labelled := f.world.Revisions, f.world.Webhooks, 0
	f.afterWrite = func(c step.Change) {
		if c.Kind != "Namespace" {
			return
		}
		if labelled++; labelled == 2 {
			f.world.Revisions = slices.DeleteFunc(slices.Clone(revisions), func(r mesh.Revision) bool { return r.Name == "1-31-0" })
			f.world.Webhooks = slices.DeleteFunc(slices.Clone(webhooks), func(h mesh.Webhook) bool { return h.Revision == "1-31-0" })
		}
	}
	return f, func() { f.world.Revisions, f.world.Webhooks = revisions, webhooks }
}

// A removed target revision holds the run until it exists again.
func TestRemovedTargetHolds(t *testing.T) {
	t.Parallel()
	f, recreate := removedTargetUpgrade()
	for range 2 {
		expect(t, f, Held)
		wantHold(t, f, step.Hold{
			Reason:  step.ReasonCheckFailed,
			Subject: "1-31-0",
			Message: "the cluster has 1-29-1",
			Hint:    "rerig rollback to-1-31-0",
		})
	}
	writes := len(f.writes)
	recreate()
	expect(t, f, Completed)
	if got := sidecars(f); got != allNew || writes == len(f.writes) {
		t.Errorf("got sidecars %s after %d writes, want all moved after more than %d", got, len(f.writes), writes)
	}
}

func TestRollbackFromARemovedTarget(t *testing.T) {
	t.Parallel()
	f, _ := removedTargetUpgrade()
	expect(t, f, Held)
	f.intent.Rollback = true
	f.approve()
	expect(t, f, RolledBack)
	wantSidecars(t, f, allOld)
}

// A run that may install the revision does so after another approval.
func TestRemovedTargetIsInstalledAfterApproval(t *testing.T) {
	t.Parallel()
	f, _ := removedTargetUpgrade()
	f.intent.Installable = true
	expect(t, f, Held)
	wantHold(t, f, step.Hold{Reason: step.ReasonPlanChanged, Message: "install 1-31-0"})
	f.approve()
	expect(t, f, Completed)
}
