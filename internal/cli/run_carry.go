// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report"
)

// carryOver takes over into a run what a command says of it now. What is on record
// and what is asked for are compared once: a change is agreed to, or refused, and
// never passed over.
func (r *run) carryOver(u *v1alpha1.MeshUpgrade, s said) error {
	kept := r.Spec
	r.kept = unsaid(kept, s)
	r.Spec, r.changes = carriedOver(u.Spec, kept, s)
	if s.fields["from"] && kept.From != "" && u.Spec.From != kept.From {
		return fmt.Errorf("change spec.from of run %s: it is %s on record, and what was found was written down by it, for the way back: give --from %s or leave it out; or take the run back with `rerig rollback %s`, and begin it anew",
			r.Name, kept.From, kept.From, r.Name)
	}
	return r.reread()
}

// anew reports whether something changes that has to be agreed to, whatever is left.
func (r *run) anew() bool {
	return r.wider || slices.ContainsFunc(r.changes, func(c change) bool { return c.asks })
}

// changed tells what changes.
func (r *run) changed() []string {
	var lines []string
	for _, c := range r.changes {
		lines = append(lines, c.String())
	}
	return lines
}

// busy is the error of a change to a run that somebody else works on: that one
// would not hear of it.
func (r *run) busy(by string) error {
	return fmt.Errorf("go on with run %s: %s works on it, and does not hear of what is asked for now (%s): interrupt that process first (Ctrl-C), or wait until its Lease has run out, and run the same command again",
		r.Name, by, strings.Join(r.changed(), "; "))
}

// newRules are those that are not on record. What the others named may be gone by now.
func (r *run) newRules() []plan.Rule {
	kept, err := cluster.IntentOf(*r.found)
	if err != nil { // it was read before
		return r.intent.Policy.Rules
	}
	return slices.DeleteFunc(slices.Clone(r.intent.Policy.Rules), func(x plan.Rule) bool { return slices.Contains(kept.Policy.Rules, x) })
}

// suits refuses changes that come too late, or that do not fit.
func (r *run) suits(p report.Proposal) error {
	for _, c := range r.changes {
		switch c.name {
		case "tags":
			if moved := r.ledger.MovedTags(p.World); r.intent.Tags == plan.KeepTags && len(moved) > 0 {
				return fmt.Errorf("keep the tags (spec.tags is move on record, and was agreed to): %s: leave --tags out, or take the run back with `rerig rollback %s`, which moves them back",
					strings.Join(moved, "; "), r.Name)
			}
		case "from":
			if err := plan.Whence(p.World, r.intent); err != nil {
				return err
			}
		case "workloads":
			given := r.newRules()
			if err := cmp.Or(plan.Met(p.World, given), plan.Swappable(p.World, p.Plan.Target), plan.Overruling(p.World, p.Plan.Target, given)); err != nil {
				return err
			}
		}
	}
	return nil
}
