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
	if isRollback(p) && wl.Prerendered() && !wl.ForGateway() && r.Strategy != step.Leave {
		return step.ByHold, false // nothing else restores its template
	}
	otherwise := step.ByRestart
	if wl.Gateway {
		otherwise = step.BySwap
	}
	return cmp.Or(r.Strategy, p.Strategy, otherwise), r.Strategy != "" && r.Name != ""
}

// decideSwap decides for a workload that is swapped, or whose rollout is held, and returns
// false for any other. What has begun is finished the same way, whatever a rule says since.
func decideSwap(p step.Policy, wl mesh.Workload) (step.Decision, bool) {
	d := step.Decision{Strategy: step.BySwap, Reason: "swap pod by pod, its template unchanged"}
	if p.NeedsTemplate(wl) {
		d = step.Decision{
			Strategy: step.ByHold,
			Reason:   "its pods' own label binds it: held rollout, in which its old pods stay until the new ones are verified",
		}
	}
	if wl.ForGateway() {
		d.Reason = "istiod deploys it for Gateway " + wl.APIGateway.Name +
			", and is made to leave it alone: held rollout, in which its old pods stay until the new ones are verified"
	}
	if wl.ByIstioctl() {
		d.Reason = "istioctl installed it (IstioOperator " + wl.Installed.Operator + ") and rendered its template for one revision: held " +
			"rollout of the template that the target's file renders, so that the next `istioctl install` of that file changes nothing; its old " +
			"pods stay until the new ones are verified, and a rollback restores its template, and the same pods while they are parked"
	}
	if wl.ByIstioctl() && isRollback(p) {
		d.Reason = "istioctl rendered its template: held rollout of the template that it had before the run"
	}
	if wl.Swapping() {
		d.Reason = "its swap has begun"
		return d, true
	}
	strategy, named := requested(p, wl)
	if !strategy.ParksPods() || named && strategy != d.Strategy || parkUnfit(p, wl, d.Strategy) != "" {
		return step.Decision{}, false
	}
	if wl.Gateway {
		d.Reason += "; each old pod is parked until its clients have closed their connections, and cuts what is left after --park-max"
	}
	if named {
		d.Reason = "by a rule: " + d.Reason
	}
	return d, true
}

// NotSwappedBecause returns why a workload is not swapped though the policy for the
// mesh says swap; "" when it is swapped, or was not meant to be.
func NotSwappedBecause(p step.Policy, wl mesh.Workload) string {
	strategy, named := requested(p, wl)
	if !strategy.ParksPods() || named {
		return ""
	}
	if p.NeedsTemplate(wl) {
		strategy = step.ByHold
	}
	return parkUnfit(p, wl, strategy)
}

// parkUnfit returns why a workload cannot be moved by a swap, or by a held rollout, ""
// when it can.
func parkUnfit(p step.Policy, wl mesh.Workload, s step.Strategy) string {
	switch own := p.NeedsTemplate(wl); {
	case s == step.BySwap && wl.Prerendered() && !wl.ForGateway():
		return swap.Unfit(wl)
	case s == step.BySwap && own:
		return "its pods' own labels bind it: changing them takes a write to its template, which re-creates its pods"
	case s == step.BySwap:
		return swap.Unfit(wl)
	case !own:
		return "its template does not choose its revision: a swap moves it without another template"
	}
	return swap.UnfitHeld(p, wl)
}

// ValidateSwapRules rejects a rule that says swap, or held-rollout, for a workload that
// does not fit.
func ValidateSwapRules(w mesh.World, t step.Target) error {
	if err := validateRenderedRules(w, t); err != nil {
		return err
	}
	for _, wave := range t.Waves {
		for _, name := range wave.Namespaces {
			for _, wl := range w.WorkloadsIn(name) {
				strategy, named := requested(t.Policy, wl)
				reason := parkUnfit(t.Policy, wl, strategy)
				if !named || !strategy.ParksPods() || reason == "" {
					continue
				}
				other := step.ByRestart
				switch own := t.Policy.NeedsTemplate(wl); {
				case own && strategy == step.BySwap && swap.UnfitHeld(t.Policy, wl) == "":
					other = step.ByHold
				case !own && strategy == step.ByHold && swap.Unfit(wl) == "":
					other = step.BySwap
				}
				return fmt.Errorf("choose the strategy of %s: a rule says %s, which does not fit it: %s. Remove the rule, or say %s: %s",
					wl.Ref(), strategy, reason, other, ruleFlag(wl, other))
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
	return r, wl.Swapping() && r.Strategy != "" && !r.Strategy.ParksPods()
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
