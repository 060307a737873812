// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// Namespaces and pods labelled istio.io/rev=default follow the default, because all webhooks of
// the untagged revision move with it.
func TestUntaggedRevisionFollowsTheDefault(t *testing.T) {
	w := plantest.UntaggedWorld()
	for _, name := range []string{"a", "b"} {
		ns, _ := w.Namespace(name)
		if got := w.TagOf(ns, mesh.Template{}); got != mesh.DefaultTag {
			t.Errorf("tag of %s: got %q, want default", name, got)
		}
	}
	in := plantest.IntentForAll()
	in.Namespaces = []string{"a"}
	target := plantest.Forward(t, w, in, step.Ledger{})
	if _, moves := target.Tags["default"]; moves {
		t.Error("default: got moved, want it to stay for b and own/web")
	}
	if !slices.ContainsFunc(plan.Make(w, target, step.Ledger{}).Notes, func(n step.Note) bool {
		return n.Subject == "tag default" && n.Evidence == "names default; binds Deployment b/web, Deployment own/web"
	}) {
		t.Error("notes: got none that names the bystanders of the default, want one")
	}
}

func TestUntaggedDefaultMovesAndIsRestored(t *testing.T) {
	t.Parallel()
	w0 := plantest.UntaggedWorld()
	target := plantest.Forward(t, w0, plantest.IntentForAll(), step.Ledger{})
	planned := plan.Make(w0, target, step.Ledger{})
	end, _, _ := plantest.Run(t, w0, target, plan.NewLedger(planned, plantest.Noon), -1, plantest.First, nil)
	for _, name := range []string{"a", "b"} {
		before, _ := w0.Namespace(name)
		ns, _ := end.Namespace(name)
		if by := end.Injectors(ns, mesh.Template{}); ns.Binding() != before.Binding() || !slices.Equal(by, []string{"1-31-0"}) {
			t.Errorf("%s: got labels %s and injectors %v, want %s and 1-31-0", name, ns.Binding(), by, before.Binding())
		}
	}
	for k := range len(step.Flat(planned.Stages)) + 1 {
		w, l, _ := plantest.Run(t, w0, target, plan.NewLedger(planned, plantest.Noon), k, plantest.First, nil)
		back := plan.RollbackTarget(plantest.IntentForAll(), l, 0)
		l = plantest.Approve(w, back, l)
		end, _, _ := plantest.Run(t, w, back, l, -1, plantest.First, func(w mesh.World, _ step.Ledger, _ []step.Stage, s step.Step) {
			for _, wl := range w.Workloads {
				ns, _ := w.Namespace(wl.Namespace)
				if by := w.Injectors(ns, s.TemplateAfter(wl.Template)); len(by) != 1 {
					t.Fatalf("point %d: at %s: injectors of %s: got %v, want one", k, s, wl.Ref(), by)
				}
			}
		})
		if diff := cmp.Diff(plantest.Settled(w0), plantest.Settled(end)); diff != "" {
			t.Fatalf("point %d: World after the rollback (-before +after):\n%s", k, diff)
		}
	}
}
