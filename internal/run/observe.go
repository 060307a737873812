// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/rerig/rerig/internal/cluster"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/baseline"
	"github.com/rerig/rerig/internal/report"
	"github.com/rerig/rerig/internal/step"
)

// Observe plans what is left of a run against the mesh as it is now.
func (r *Run) Observe(ctx context.Context, c Cluster) (report.Proposal, error) {
	p := report.Proposal{Run: r.Name, Resumed: !r.Fresh, Changed: r.ChangeTexts(), Replaces: r.replaces, Later: r.later, Intent: r.Intent}
	err := r.setScope(ctx, c)
	if err != nil {
		return p, err
	}
	if p.World, err = r.observe(ctx, c); err != nil {
		return p, err
	}
	if !r.RollingBack() && !r.Fresh {
		before := r.Ledger
		r.Ledger = baseline.WithNewcomers(p.World, r.Intent, baseline.Extend(p.World, r.Intent, baseline.WithFrom(p.World, r.Intent, before)))
		r.extended = r.extended || !reflect.DeepEqual(before.Waves, r.Ledger.Waves) || !reflect.DeepEqual(before.Baseline, r.Ledger.Baseline)
	}
	target, err := plan.ResolveTarget(p.World, r.Intent, r.Ledger)
	p.Plan = plan.Make(p.World, target, r.Ledger)
	return p, err
}

// observe observes the mesh. It is an error if the record does not name the root namespace,
// as those of version 0.1, and the mesh is in another one.
func (r *Run) observe(ctx context.Context, c Cluster) (mesh.World, error) {
	w, err := r.World(ctx, c)
	if err != nil {
		return w, fmt.Errorf("observe the mesh: %w", err)
	}
	if r.found != nil && r.found.Spec.IstioNamespace == "" {
		err = plan.ValidateRoot(w)
	}
	return w, err
}

// World observes the mesh with what the run needs to know besides.
func (r *Run) World(ctx context.Context, c Cluster) (mesh.World, error) {
	return c.Observer(r.scope).Observe(ctx)
}

// Observer returns the port that reads the mesh with what the run needs to know
// besides.
func (r *Run) Observer(c Cluster) engine.Observer { return c.Observer(r.scope) }

// setScope notes what a swap or a removal needs to know, if the run may contain
// one, or may have contained one before it was rolled back. It fails if the caller
// may not read what a removal needs.
func (r *Run) setScope(ctx context.Context, c Cluster) error {
	approved := func(kinds ...step.Kind) bool {
		return slices.ContainsFunc(r.Ledger.Approved, func(s step.Step) bool { return slices.Contains(kinds, s.Kind) })
	}
	swaps := approved(step.Swap, step.DeleteParked) || r.Intent.Policy.SwapsSidecars()
	r.scope = cluster.Scope{Templates: r.templates, Swaps: swaps || r.Intent.Policy.MovesGateways(), GatewaysOnly: !swaps}
	if !r.Spec.RemoveOld && !approved(step.Remove) {
		return nil
	}
	r.scope.RemovingRun = r.Name
	return r.Permitted(ctx, c, ToRead, nil)
}

// PrepareToShow sets the scope for a command that only shows a run: what the
// caller may not read of a removal is left out, and the error says why.
func (r *Run) PrepareToShow(ctx context.Context, c Cluster) error {
	err := r.setScope(ctx, c)
	if err != nil {
		r.scope.RemovingRun = ""
	}
	return err
}

// StatusReport returns the state of a run: its record, compared with the mesh.
func (r *Run) StatusReport(ctx context.Context, c Cluster, at time.Time) (report.Status, error) {
	s := report.Status{Run: r.Name, Intent: r.Intent, Phase: step.Phase(r.Status.Phase), Message: r.Status.Message,
		Digest: r.Status.Digest, Ledger: r.Ledger, Unapproved: r.Fresh, At: at}
	var err error
	s.LeaseHolder, err = c.LeaseHolder(ctx)
	if s.LeaseUnreadable = errors.Is(err, engine.ErrRefused); err != nil && !s.LeaseUnreadable {
		return s, err
	}
	if err := r.PrepareToShow(ctx, c); err != nil {
		s.UnreadRemoval = err.Error()
	}
	if s.World, err = r.observe(ctx, c); err != nil {
		return s, err
	}
	if r.Fresh {
		return s, nil
	}
	r.RetryWave()
	s.Target, err = plan.ResolveTarget(s.World, r.Intent, r.Ledger)
	if gone, is := errors.AsType[plan.RevisionMissing](err); is { // the record is shown all the same
		s.Gone, err = &gone, nil
	}
	if err != nil {
		return s, err
	}
	s.Left = plan.Steps(s.World, s.Target, r.Ledger)
	return s, nil
}
