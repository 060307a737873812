// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
)

// uninstalling is a run to a revision that was there when it began, and that other
// hands take away once its second wave is labelled.
func uninstalling() (f *fake, again func()) {
	f = upgrade()
	f.world, _ = plan.Simulate(f.world, step.Target{}, step.Ledger{}, step.Step{Kind: step.Install, Subject: "1-31-0", To: "1.31.0"}, f.now)
	f.intent.Installable, f.ledger = false, step.Ledger{}
	f.agree()
	revisions, webhooks, labelled := f.world.Revisions, f.world.Webhooks, 0
	f.acted = func(c step.Change) {
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

// A revision that others take away in the middle holds the run, and says so for as
// long as it is gone; the run goes on once it is there again.
func TestRemovedTargetHolds(t *testing.T) {
	t.Parallel()
	f, again := uninstalling()
	for range 2 {
		expect(t, f, Held)
		h := f.ledger.Held
		if h.Reason != checkFailed || h.Subject != "1-31-0" || !strings.Contains(h.Message, "the cluster has 1-29-1") || !strings.Contains(h.Hint, "rerig rollback to-1-31-0") {
			t.Fatalf("held with %+v", h)
		}
	}
	writes := len(f.writes)
	again()
	expect(t, f, Completed)
	if got := where(f); got != "[1-31-0] [1-31-0] [1-31-0]" || writes == len(f.writes) {
		t.Errorf("after %d writes and %d: %s", writes, len(f.writes), got)
	}
}

func TestRollbackFromARemovedTarget(t *testing.T) {
	t.Parallel()
	f, _ := uninstalling()
	expect(t, f, Held)
	f.intent.Rollback = true
	f.agree()
	expect(t, f, RolledBack)
	if got := where(f); got != "[1-29-1] [1-29-1] [1-29-1]" {
		t.Error(got)
	}
}

// One that the run can install again it installs when that was agreed to.
func TestRemovedTargetIsInstalledAfterApproval(t *testing.T) {
	t.Parallel()
	f, _ := uninstalling()
	f.intent.Installable = true
	expect(t, f, Held)
	if h := f.ledger.Held; h.Reason != planChanged || !strings.Contains(h.Message, "install 1-31-0") {
		t.Fatalf("held with %+v", h)
	}
	f.agree()
	expect(t, f, Completed)
}
