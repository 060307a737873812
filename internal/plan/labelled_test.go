// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// What decides over a binding beside one label is said: conditions that are not
// evaluated, two tags at once, and whoever keeps a template that is pinned.
func TestWhatElseDecidesIsSaid(t *testing.T) {
	w := sixWays()
	both := hooks("1-29-1", "stable")[0]
	both.Namespaces, both.Conditions = mesh.Selector{{Key: mesh.RevisionLabel, Operator: mesh.In, Values: []string{"prod"}}}, 2
	w.Webhooks = append(w.Webhooks, both)
	for i, wl := range w.Workloads {
		if wl.Ref() == "Deployment own/by-tag" {
			w.Workloads[i].ManagedBy = "Argo CD application shop"
		}
	}
	w.Sort()
	target := forward(t, w, allOf(), step.Ledger{})
	plan := Make(w, target, step.Ledger{})
	for _, want := range []step.Note{
		{Kind: step.NotEvaluated, Subject: "webhook istio-revision-tag-stable (rev.namespace)", Evidence: "2 matchConditions"},
		{Kind: step.ByTag, Subject: "c", Evidence: "by tag prod, tag stable"},
		{Kind: step.ForCommit, Subject: "Deployment own/by-tag", Evidence: "managed by Argo CD application shop"},
	} {
		if !slices.ContainsFunc(plan.Notes, func(n step.Note) bool {
			return n.Kind == want.Kind && n.Subject == want.Subject && n.Evidence == want.Evidence
		}) {
			t.Errorf("no note says %+v", want)
		}
	}
	end, _, _ := carry(t, w, target, NewLedger(plan, noon), -1, first, nil)
	if c, _ := end.Namespace("c"); c.Binding() != mesh.Pinned("1-31-0") || len(end.Injectors(c, mesh.Template{})) != 1 {
		t.Errorf("bound by two tags, c ends with %s, injected by %v", c.Binding(), end.Injectors(c, mesh.Template{}))
	}
}

// A pod that two revisions would inject by its own labels is refused by name.
func TestTwoInjectorsOfOwnLabelsAreRefused(t *testing.T) {
	w := sixWays()
	twice := hooks("1-30-0", "prod")[1]
	twice.Configuration = "istio-revision-tag-prod-again"
	w.Webhooks = append(w.Webhooks, twice)
	w.Sort()
	if _, err := ForwardTarget(w, allOf(), step.Ledger{}); err == nil || !strings.Contains(
		err.Error(),
		"Deployment own/by-tag (1-29-1, 1-30-0)",
	) {
		t.Errorf("refused with %v", err)
	}
}
