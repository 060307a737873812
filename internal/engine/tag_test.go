// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// A tag that was removed cannot be moved: the run holds at once, and continues after the
// tag is created again. `istioctl tag remove` up to 1.30 leaves the validator of the
// default tag.
func TestMissingTagHoldsAtOnce(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name      string
		validator mesh.Validator
	}{
		{"its webhooks", mesh.Validator{}},
		{"all but the validator", mesh.Validator{Configuration: "istiod-default-validator", Revision: "1-29-1"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			testMissingTag(t, tc.validator)
		})
	}
}

func testMissingTag(t *testing.T, validator mesh.Validator) {
	f := newUpgrade()
	f.world.Validator = validator
	expect(t, f, Completed)
	was := f.world.Webhooks
	of := func(h mesh.Webhook) bool { return h.Tag == "default" }
	f.world.Webhooks = slices.DeleteFunc(slices.Clone(was), of)
	f.intent.Rollback = true
	began := f.now
	expect(t, f, Held)
	wantHold(t, f, step.Hold{Reason: step.ReasonCheckFailed, Subject: "tag default", Message: "is gone",
		Hint: "istioctl tag set default --revision 1-29-1"})
	if at := f.world.Validator; validator.Configuration != "" && at.Revision != "1-31-0" {
		t.Errorf("got the validator on %s, want it unchanged", at.Revision)
	}
	if waited := f.now.Sub(began); waited > f.intent.ReadyTimeout/2 {
		t.Errorf("got a hold after %s, want it at once", waited)
	}
	f.world.Webhooks = slices.Clone(was)
	f.world.Webhooks[slices.IndexFunc(was, of)].Revision = "1-29-1"
	if validator.Configuration != "" {
		f.world.Validator.Revision = "1-29-1" // as `istioctl tag set` does
	}
	expect(t, f, RolledBack)
	wantSidecars(t, f, allOld)
}

// A bystander holds the tag, in an upgrade and in a rollback. Only an upgrade can leave
// the tag unchanged.
func TestTagWithBystandersHolds(t *testing.T) {
	t.Parallel()
	for _, back := range []bool{false, true} {
		f := newUpgrade()
		if back {
			expect(t, f, Completed)
		}
		at := f.world.TagRevisions("default")[0]
		f.world.Namespaces = append(slices.Clone(f.world.Namespaces),
			mesh.Namespace{Name: "new", Labels: map[string]string{mesh.InjectionLabel: "enabled"}})
		f.world.Workloads = append(slices.Clone(f.world.Workloads), mesh.Workload{Namespace: "new", Name: "jobs", Kind: mesh.CronJob})
		f.world.Sort()
		f.intent.Rollback, f.intent.Namespaces = back, []string{"a", "b", "c"}
		expect(t, f, Held)
		h := f.ledger.Held
		wantHold(t, f, step.Hold{Reason: step.ReasonPlanChanged, Subject: "tag default", Message: "it binds CronJob new/jobs"})
		if strings.Contains(h.Hint, "--tags keep") == back {
			t.Errorf("rollback %t: got hint %q", back, h.Hint)
		}
		f.world.Namespaces = slices.Clone(f.world.Namespaces)
		i := slices.IndexFunc(f.world.Namespaces, func(ns mesh.Namespace) bool { return ns.Name == "new" })
		f.world.Namespaces[i].Labels = map[string]string{mesh.RevisionLabel: at}
		expect(t, f, map[bool]Outcome{false: Completed, true: RolledBack}[back])
	}
}

// After the tag was removed, no namespace gets a label that selects no revision.
func TestMissingTagRestoresNoLabels(t *testing.T) {
	t.Parallel()
	f := newUpgrade()
	f.world.Validator = mesh.Validator{Configuration: "istiod-default-validator", Revision: "1-29-1"}
	f.onObserve = func(w *mesh.World) {
		if ns, _ := w.Namespace("a"); ns.Binding() != mesh.BindingTo("1-31-0") {
			return
		}
		of := func(h mesh.Webhook) bool { return h.Tag == "default" }
		w.Webhooks = slices.DeleteFunc(slices.Clone(w.Webhooks), of)
		f.world.Webhooks = slices.DeleteFunc(slices.Clone(f.world.Webhooks), of)
	}
	expect(t, f, Held)
	wantHold(t, f, step.Hold{Subject: "tag default", Message: "is gone"})
	for _, ns := range f.world.Namespaces {
		if by := f.world.Injectors(ns, mesh.Template{}); len(by) == 0 && ns.Binding() != (mesh.Binding{}) {
			t.Errorf("got namespace %s labelled %s, which selects no revision", ns.Name, ns.Binding())
		}
	}
}
