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

// wanted is how the user wants a workload moved, and whether a rule says so of it by
// name.
func wanted(p step.Policy, wl mesh.Workload) (step.Strategy, bool) {
	r := p.RuleFor(wl)
	return cmp.Or(r.Strategy, p.Strategy, step.ByRestart), r.Strategy != "" && r.Name != ""
}

// decideSwap is the passage of a workload that is moved pod by pod. One of which a
// swap has something in hand is finished by the swap, whatever has become of it.
func decideSwap(p step.Policy, wl mesh.Workload) (step.Decision, bool) {
	if wl.Swapping() {
		return step.Decision{Strategy: step.BySwap, Reason: "a swap has begun on it"}, true
	}
	way, named := wanted(p, wl)
	if way != step.BySwap || swapUnfit(p, wl) != "" {
		return step.Decision{}, false
	}
	if named {
		return step.Decision{Strategy: step.BySwap, Reason: "a rule says so: pod by pod, its template untouched"}, true
	}
	return step.Decision{Strategy: step.BySwap, Reason: "pod by pod, its template untouched"}, true
}

// NotSwappedBecause says why a workload is not swapped though the policy asks for it.
func NotSwappedBecause(p step.Policy, wl mesh.Workload) string {
	if way, named := wanted(p, wl); way != step.BySwap || named {
		return ""
	}
	return swapUnfit(p, wl)
}

// swapUnfit is Unswappable, and looks at what binds the workload: a template that is
// to be pinned has to be written.
func swapUnfit(p step.Policy, wl mesh.Workload) string {
	if _, own := p.TemplateLabels[wl.Ref()]; own {
		return "its pods' own labels bind it: that takes a write to its template, which makes its pods anew"
	}
	return swap.Unfit(wl)
}

// ValidateSwapRules refuses a rule that says swap of a workload that does not fit.
func ValidateSwapRules(w mesh.World, t step.Target) error {
	for _, g := range t.Waves {
		for _, name := range g.Namespaces {
			for _, wl := range w.In(name) {
				way, named := wanted(t.Policy, wl)
				if why := swapUnfit(t.Policy, wl); named && way == step.BySwap && why != "" {
					return fmt.Errorf("choose how %s is moved: a rule says swap, and it cannot be: %s: take the rule away, or say restart (--workload '%s=%s')",
						wl.Ref(), why, wl.Ref(), step.ByRestart)
				}
			}
		}
	}
	return nil
}

// OverriddenRule is the rule that would have a workload left, or moved otherwise, on
// which a swap has begun. It is not followed: what the swap has in hand, kept pods
// and their stand-ins, nothing but the swap or its way back puts in order.
func OverriddenRule(p step.Policy, wl mesh.Workload) (step.Rule, bool) {
	r := p.RuleFor(wl)
	return r, wl.Swapping() && r.Strategy != "" && r.Strategy != step.BySwap
}

// ValidateRulesAgainstSwaps refuses rules that a run is given anew and that name a workload on
// which a swap has begun: somebody counts on what would not come.
func ValidateRulesAgainstSwaps(w mesh.World, t step.Target, given []step.Rule) error {
	for _, g := range t.Waves {
		for _, name := range g.Namespaces {
			for _, wl := range w.In(name) {
				if r, is := OverriddenRule(t.Policy, wl); is && r.Name != "" && slices.Contains(given, r) {
					return fmt.Errorf("choose how %s is moved: a rule says %s, and a swap has begun on it, which only the swap ends, or the way back: "+
						"mend what holds it and run the same command without that rule, or take the run back with `rerig rollback %s`", wl.Ref(), r.Strategy, t.Run)
				}
			}
		}
	}
	return nil
}
