// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report"
	"github.com/rerig/rerig/internal/run/spec"
	"github.com/rerig/rerig/internal/step"
)

// Approve records a plan that was approved, before anything else is written. It
// fails if the mesh has changed since, so that the plan is no longer that one.
func (r *Run) Approve(ctx context.Context, c Cluster, p report.Proposal, at time.Time) error {
	now, err := r.Observe(ctx, c)
	if err != nil {
		return err
	}
	if now.Plan.Digest != p.Plan.Digest {
		return fmt.Errorf("begin run %s: the mesh changed after the plan was shown (digest %s, now %s); "+
			"nothing was changed: run the same command again", r.Name, p.Plan.Digest, now.Plan.Digest)
	}
	if r.Fresh {
		if err := define(ctx, c, now, at); err != nil {
			return err
		}
		install := r.Ledger.Installation
		r.Ledger = plan.NewLedger(now.Plan, at)
		r.Ledger.Installation = install
	} else {
		r.Ledger = plan.Approve(r.Ledger, now.Plan, at)
	}
	r.Ledger.AcceptedLoss = step.SortedUnique(slices.Concat(r.Ledger.AcceptedLoss, p.Lost))
	return r.write(ctx, c)
}

// define creates the CustomResourceDefinition, without which there is no record.
func define(ctx context.Context, c Cluster, p report.Proposal, at time.Time) error {
	writer := c.Writer(cluster.Scope{}, nil)
	for _, s := range step.Flat(p.Plan.Stages) {
		if s.Kind != step.Define {
			continue
		}
		changes, err := plan.Render(s, p.Plan.Target, at)
		if err != nil {
			return err
		}
		for _, change := range changes {
			if err := writer.Write(ctx, change); err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
		}
	}
	return nil
}

// write records the specification first and the approved plan second. In between,
// the run is one that nobody approved.
func (r *Run) write(ctx context.Context, c Cluster) error {
	if err := r.writeSpec(ctx, c); err != nil {
		return err
	}
	if err := r.WriteChoices(ctx, c); err != nil {
		return err
	}
	record := c.Record(r.Name)
	if _, _, err := record.Load(ctx); err != nil {
		return fmt.Errorf("read the run's record: %w", err)
	}
	phase := step.PhaseUpgrading
	if r.RollingBack() {
		phase = step.PhaseRollingBack
	}
	s := engine.Summary{Phase: phase, Message: "the plan was approved", Digest: plan.Digest(r.Ledger.Approved),
		Waves: fmt.Sprintf("0/%d", len(r.Ledger.Waves))}
	if err := record.Save(ctx, r.Ledger, s); err != nil {
		return fmt.Errorf("record the approved plan: %w", err)
	}
	r.Fresh = false
	return nil
}

func (r *Run) writeSpec(ctx context.Context, c Cluster) error {
	switch {
	case r.found == nil:
		return r.recordSpec(ctx, c, func(u v1alpha1.MeshUpgrade) (v1alpha1.MeshUpgrade, error) { return c.Create(ctx, u) })
	case r.Fresh:
		return r.recordSpec(ctx, c, func(u v1alpha1.MeshUpgrade) (v1alpha1.MeshUpgrade, error) { return c.Replace(ctx, *r.found, u.Spec) })
	case r.installer:
		return r.recordSpec(ctx, c, func(u v1alpha1.MeshUpgrade) (v1alpha1.MeshUpgrade, error) { return c.Respec(ctx, *r.found, u.Spec) })
	case r.Turning():
		return c.SetRollback(ctx, r.Name, r.RollingBack())
	}
	return nil
}

// WriteChoices records the changed fields of an unfinished run.
func (r *Run) WriteChoices(ctx context.Context, c Cluster) error {
	if err := r.storeRecordedValues(ctx, c); err != nil {
		return err
	}
	if r.found == nil || r.Fresh || equality.Semantic.DeepEqual(spec.Changeable(r.Spec), spec.Changeable(r.found.Spec)) {
		return nil
	}
	return c.SetChoices(ctx, r.Name, spec.Changeable(r.Spec))
}
