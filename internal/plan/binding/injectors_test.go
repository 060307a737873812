// SPDX-License-Identifier: Apache-2.0

package binding_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// Notes name what else decides a binding: conditions that are not evaluated, two tags, and the
// tool that manages a template to be labelled.
func TestNotesNameUnevaluatedBindings(t *testing.T) {
	w := plantest.WorldOfAllBindings()
	both := plantest.Webhooks("1-29-1", "stable")[0]
	both.Namespaces, both.Conditions = mesh.Selector{{Key: mesh.RevisionLabel, Operator: mesh.In, Values: []string{"prod"}}}, 2
	w.Webhooks = append(w.Webhooks, both)
	for i, wl := range w.Workloads {
		if wl.Ref() == "Deployment own/by-tag" {
			w.Workloads[i].ManagedBy = "Argo CD application shop"
		}
	}
	w.Sort()
	target := plantest.Forward(t, w, plantest.IntentForAll(), step.Ledger{})
	planned := plan.Make(w, target, step.Ledger{})
	for _, want := range []step.Note{
		{Kind: step.NotEvaluated, Subject: "webhook istio-revision-tag-stable (rev.namespace)", Evidence: "2 matchConditions"},
		{Kind: step.ByTag, Subject: "c", Evidence: "by tag prod, tag stable"},
		{Kind: step.ForCommit, Subject: "Deployment own/by-tag", Evidence: "managed by Argo CD application shop"},
	} {
		if !slices.ContainsFunc(planned.Notes, func(n step.Note) bool {
			return n.Kind == want.Kind && n.Subject == want.Subject && n.Evidence == want.Evidence
		}) {
			t.Errorf("notes: got none like %+v", want)
		}
	}
	end, _, _ := plantest.Run(t, w, target, plan.NewLedger(planned, plantest.Noon), -1, plantest.First, nil)
	if c, _ := end.Namespace("c"); c.Binding() != mesh.BindingTo("1-31-0") || len(end.Injectors(c, mesh.Template{})) != 1 {
		t.Errorf("c, bound by two tags: got %s and injectors %v, want 1-31-0", c.Binding(), end.Injectors(c, mesh.Template{}))
	}
}

// A pod that two revisions would inject by its own labels is refused and named.
func TestTwoInjectorsAreRefused(t *testing.T) {
	w := plantest.WorldOfAllBindings()
	second := plantest.Webhooks("1-30-0", "prod")[1]
	second.Configuration = "istio-revision-tag-prod-again"
	w.Webhooks = append(w.Webhooks, second)
	w.Sort()
	if _, err := plan.ForwardTarget(w, plantest.IntentForAll(), step.Ledger{}); err == nil || !strings.Contains(
		err.Error(),
		"Deployment own/by-tag (1-29-1, 1-30-0)",
	) {
		t.Errorf("got %v, want an error that names Deployment own/by-tag", err)
	}
}
