// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
)

// validateRenderedRules rejects a rule that names a gateway whose template was rendered for
// one revision, and that cannot be followed.
func validateRenderedRules(w mesh.World, t step.Target) error {
	for _, wl := range w.Workloads {
		if wl.GatewayMake() != mesh.RenderedGateway || !t.Policy.RuleFor(wl).Names(wl) {
			continue
		}
		if why := refusedRule(t, wl); why != "" {
			return fmt.Errorf("choose the strategy of %s: a rule says %s, but %s", wl.Ref(), t.Policy.RuleFor(wl).Strategy, why)
		}
	}
	return nil
}

// refusedRule returns why a rule that names such a gateway cannot be followed, and what to do;
// "" when it can.
func refusedRule(t step.Target, wl mesh.Workload) string {
	r, isMoved := t.Policy.RuleFor(wl), t.WorkloadRevisions[wl.Ref()] != ""
	unfit := swap.UnfitHeld(t.Policy, wl)
	switch {
	case !t.Policy.MovesGateways():
		return "gateways are left on their revision: add --gateways last, or remove the rule"
	case r.Strategy != step.ByHold && unfit == "":
		return "its template is rendered for one revision, so that only another template moves it: say " + string(step.ByHold) + ": " +
			ruleFlag(wl, step.ByHold)
	case unfit != "":
		return unfit + ". Or remove the rule"
	case !isMoved && wl.Template.Deployed() != t.Revision && !t.Rollback:
		return "it is in no wave of this run: name it when a run begins, and remove the rule from this one"
	}
	return ""
}
