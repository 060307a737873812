// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
)

// requested returns the strategy that the user chose for a workload, and whether a rule
// names it. Gateways are swapped unless the user says otherwise: a restart cuts the
// connections that they hold.
func requested(p step.Policy, wl mesh.Workload) (strategy step.Strategy, named bool) {
	r := p.RuleFor(wl)
	otherwise := step.ByRestart
	if wl.Gateway {
		otherwise = step.BySwap
	}
	return cmp.Or(r.Strategy, p.Strategy, otherwise), r.Strategy != "" && r.Name != ""
}

// decideSwap decides for a workload that is swapped, and returns false for any other.
// A swap that has begun is finished by the swap, whatever a rule says since.
func decideSwap(p step.Policy, wl mesh.Workload) (step.Decision, bool) {
	if wl.Swapping() {
		return step.Decision{Strategy: step.BySwap, Reason: "its swap has begun"}, true
	}
	strategy, named := requested(p, wl)
	if strategy != step.BySwap || swapUnfit(p, wl) != "" {
		return step.Decision{}, false
	}
	reason := "swap pod by pod, its template unchanged"
	if wl.Gateway {
		reason += "; each old pod is parked until its clients have closed their connections, and cuts what is left after --park-max"
	}
	if named {
		reason = "by a rule: " + reason
	}
	return step.Decision{Strategy: step.BySwap, Reason: reason}, true
}

// NotSwappedBecause returns why a workload is not swapped though the policy for the
// mesh says swap; "" when it is swapped, or was not meant to be.
func NotSwappedBecause(p step.Policy, wl mesh.Workload) string {
	if strategy, named := requested(p, wl); strategy != step.BySwap || named {
		return ""
	}
	return swapUnfit(p, wl)
}

// swapUnfit returns why a workload cannot be swapped, "" when it can.
func swapUnfit(p step.Policy, wl mesh.Workload) string {
	if _, labelled := p.TemplateLabels[wl.Ref()]; labelled {
		return "its pods' own labels bind it: changing them takes a write to its template, which re-creates its pods"
	}
	return swap.Unfit(wl)
}

// ValidateSwapRules rejects a rule that says swap for a workload that a swap does not
// fit.
func ValidateSwapRules(w mesh.World, t step.Target) error {
	for _, wave := range t.Waves {
		for _, name := range wave.Namespaces {
			for _, wl := range w.WorkloadsIn(name) {
				strategy, named := requested(t.Policy, wl)
				if reason := swapUnfit(t.Policy, wl); named && strategy == step.BySwap && reason != "" {
					return fmt.Errorf("choose the strategy of %s: a rule says swap, but it cannot be swapped: %s. Remove the rule, or say restart: %s",
						wl.Ref(), reason, ruleFlag(wl, step.ByRestart))
				}
			}
		}
	}
	return nil
}

// OverriddenRule returns the rule that would leave, or move otherwise, a workload whose
// swap has begun. It is not followed: only the swap, or its rollback, deals with
// detached pods and replacements.
func OverriddenRule(p step.Policy, wl mesh.Workload) (step.Rule, bool) {
	r := p.RuleFor(wl)
	return r, wl.Swapping() && r.Strategy != "" && r.Strategy != step.BySwap
}

// ValidateRulesAgainstSwaps rejects rules, newly given to a run, that name a workload
// whose swap has begun: they would have no effect.
func ValidateRulesAgainstSwaps(w mesh.World, t step.Target, given []step.Rule) error {
	for _, wave := range t.Waves {
		for _, name := range wave.Namespaces {
			for _, wl := range w.WorkloadsIn(name) {
				if r, overridden := OverriddenRule(t.Policy, wl); overridden && r.Name != "" && slices.Contains(given, r) {
					return fmt.Errorf("choose the strategy of %s: a rule says %s, but its swap has begun and only the swap or a rollback ends it. "+
						"Fix what holds it and run the same command without that rule, or roll back with `rerig rollback %s`", wl.Ref(), r.Strategy, t.Run)
				}
			}
		}
	}
	return nil
}
