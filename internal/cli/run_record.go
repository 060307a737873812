// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/install"
	"github.com/rerig/rerig/internal/plan"
)

// run is one MeshUpgrade and what is written down of it.
type run struct {
	v1alpha1.MeshUpgrade                       // as it is wanted
	found                *v1alpha1.MeshUpgrade // as it is on record; nil when it is not
	intent               plan.Intent
	ledger               plan.Ledger
	fresh                bool           // nothing of it was ever agreed to, or it begins anew
	source               string         // where its IstioOperator comes from, in words
	istioctl             string         // which istioctl installs it
	needs                []install.Need // what that must be permitted
	changes              []change       // what a command asks for otherwise than it is on record
	kept                 []string       // what is on record, and a file does not say
	replaces             string         // the run that was rolled back, and whose record this one takes
	installs             bool           // it is installed in another way than is on record
	later                []string       // on its way back: the runs that have moved its namespaces on
	wider                bool           // namespaces joined it, or what was found is read otherwise: that is not written down yet
}

// runOf reads a record.
func runOf(u v1alpha1.MeshUpgrade) (*run, error) {
	r := &run{MeshUpgrade: u, found: &u}
	var err error
	if r.ledger, err = cluster.ReadLedger(u.Status.Ledger); err != nil {
		return nil, fmt.Errorf("read MeshUpgrade %s: %w: it was written by another version of rerig (status.ledger cannot be read): use that version. Do NOT delete the MeshUpgrade: it holds the way back, what was kept of a removed revision, and parked pods", u.Name, err)
	}
	r.fresh = r.ledger.Started.IsZero()
	return r, r.reread()
}

// beginning is a run that begins, in place of the one that was found.
func beginning(u v1alpha1.MeshUpgrade, found *v1alpha1.MeshUpgrade) (*run, error) {
	r := &run{MeshUpgrade: u, found: found, fresh: true}
	return r, r.reread()
}

// reread reads the spec into the planner's terms, once it was changed.
func (r *run) reread() (err error) {
	r.intent, err = cluster.IntentOf(r.MeshUpgrade)
	return err
}

// ended reports whether the run came to its end; one that is held did not.
// Nor did one that came to the end of its way forward and is only asked back yet.
func (r *run) ended() bool {
	return !r.ledger.Ended.IsZero() && r.ledger.Held == nil && r.ledger.Turned == r.back()
}

// back reports whether the run goes, or went, back to its baseline.
func (r *run) back() bool { return r.Spec.Rollback }

func (r *run) outcome() engine.Outcome {
	switch {
	case r.ledger.Held != nil:
		return engine.Held
	case r.back():
		return engine.RolledBack
	}
	return engine.Completed
}

// past tells of a run that was rolled back what its record will no longer tell.
func (r *run) past() string {
	return fmt.Sprintf("an earlier run %s, to revision %s, rolled back at %s (%s)", r.Name, r.Spec.Revision,
		r.ledger.Ended.Format("2006-01-02 15:04:05"), strings.Join(slices.Concat(r.ledger.Waves...), ", "))
}

// all reads every run on record, the newest last.
func all(ctx context.Context, h home) ([]*run, error) {
	upgrades, err := h.List(ctx)
	if err != nil {
		return nil, err
	}
	runs := make([]*run, 0, len(upgrades))
	for _, u := range upgrades {
		r, err := runOf(u)
		if err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	slices.SortStableFunc(runs, func(a, b *run) int { return a.ledger.Started.Compare(b.ledger.Started) })
	return runs, nil
}

// recorded reads the run of that name, nil when there is none. It refuses while
// another run is unfinished: what that one moves, and what it goes back to,
// would no longer be what was agreed to.
func recorded(ctx context.Context, h home, name string) (*run, error) {
	runs, err := all(ctx, h)
	if err != nil {
		return nil, err
	}
	var mine *run
	for _, r := range runs {
		switch {
		case r.Name == name:
			mine = r
		case !r.fresh && !r.ended():
			return nil, fmt.Errorf("begin run %s: another one is unfinished: %s, to revision %s (%s): go on with that one, or take it back with `rerig rollback %s`",
				name, r.Name, r.Spec.Revision, strings.ToLower(string(r.Status.Phase)), r.Name)
		}
	}
	return mine, nil
}
