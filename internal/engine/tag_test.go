// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
)

// A tag that somebody took away cannot be moved back: that is said at once, and
// with the tag made anew the same command goes on. The default's validator stays
// where its webhooks go (`istioctl tag remove` up to 1.30).
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
			tagGone(t, tc.validator)
		})
	}
}

func tagGone(t *testing.T, validator mesh.Validator) {
	f := upgrade()
	f.world.Validator = validator
	expect(t, f, Completed)
	was := f.world.Webhooks
	of := func(h mesh.Webhook) bool { return h.Tag == "default" }
	f.world.Webhooks = slices.DeleteFunc(slices.Clone(was), of)
	f.intent.Rollback = true
	began := f.now
	expect(t, f, Held)
	if h := f.ledger.Held; h.Reason != checkFailed || h.Subject != "tag default" || !strings.Contains(h.Message, "is gone") || !strings.Contains(h.Hint, "istioctl tag set default --revision 1-29-1") {
		t.Errorf("held with %+v", h)
	}
	if at := f.world.Validator; validator.Configuration != "" && at.Revision != "1-31-0" {
		t.Errorf("the validator alone was moved, to %s", at.Revision)
	}
	if waited := f.now.Sub(began); waited > f.intent.ReadyTimeout/2 {
		t.Errorf("held after %s", waited)
	}
	f.world.Webhooks = slices.Clone(was)
	f.world.Webhooks[slices.IndexFunc(was, of)].Revision = "1-29-1"
	if validator.Configuration != "" {
		f.world.Validator.Revision = "1-29-1" // as istioctl has it
	}
	expect(t, f, RolledBack)
	if got := where(f); got != "[1-29-1] [1-29-1] [1-29-1]" {
		t.Error(got)
	}
}

// Who is bound by a tag and is not moved holds it, forth and back, with what can
// be done on that way.
func TestTagWithBystandersHolds(t *testing.T) {
	t.Parallel()
	for _, back := range []bool{false, true} {
		f := upgrade()
		if back {
			expect(t, f, Completed)
		}
		at := f.world.TagRevisions("default")[0]
		f.world.Namespaces = append(slices.Clone(f.world.Namespaces), mesh.Namespace{Name: "new", Labels: map[string]string{mesh.InjectionLabel: "enabled"}})
		f.world.Workloads = append(slices.Clone(f.world.Workloads), mesh.Workload{Namespace: "new", Name: "jobs", Kind: mesh.CronJob})
		f.world.Sort()
		f.intent.Rollback, f.intent.Namespaces = back, []string{"a", "b", "c"}
		expect(t, f, Held)
		h := f.ledger.Held
		if h.Reason != planChanged || h.Subject != "tag default" || !strings.Contains(h.Message, "it binds CronJob new/jobs") || strings.Contains(h.Hint, "--tags keep") == back {
			t.Errorf("back %t: held with %+v", back, h)
		}
		f.world.Namespaces = slices.Clone(f.world.Namespaces)
		i := slices.IndexFunc(f.world.Namespaces, func(ns mesh.Namespace) bool { return ns.Name == "new" })
		f.world.Namespaces[i].Labels = map[string]string{mesh.RevisionLabel: at}
		expect(t, f, map[bool]Outcome{false: Completed, true: RolledBack}[back])
	}
}

// One that is taken away on the way there binds nobody: no namespace is given a
// label back that nobody serves.
func TestMissingTagRestoresNoLabels(t *testing.T) {
	t.Parallel()
	f := upgrade()
	f.world.Validator = mesh.Validator{Configuration: "istiod-default-validator", Revision: "1-29-1"}
	f.sees = func(w *mesh.World) {
		if ns, _ := w.Namespace("a"); ns.Binding() != mesh.Pinned("1-31-0") {
			return
		}
		of := func(h mesh.Webhook) bool { return h.Tag == "default" }
		w.Webhooks = slices.DeleteFunc(slices.Clone(w.Webhooks), of)
		f.world.Webhooks = slices.DeleteFunc(slices.Clone(f.world.Webhooks), of)
	}
	expect(t, f, Held)
	if h := f.ledger.Held; h.Subject != "tag default" || !strings.Contains(h.Message, "is gone") {
		t.Errorf("held with %+v", h)
	}
	for _, ns := range f.world.Namespaces {
		if by := f.world.Injectors(ns, mesh.Template{}); len(by) == 0 && ns.Binding() != (mesh.Binding{}) {
			t.Errorf("%s has the labels %s, which nobody serves", ns.Name, ns.Binding())
		}
	}
}
