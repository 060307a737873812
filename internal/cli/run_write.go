// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/plan"
)

// write puts on record what is wanted, and then what was agreed to. Between the
// two a run is one that nobody agreed to.
func (r *run) write(ctx context.Context, h home) error {
	if err := r.writeSpec(ctx, h); err != nil {
		return err
	}
	if err := r.writeChoices(ctx, h); err != nil {
		return err
	}
	j := h.Record(r.Name)
	if _, _, err := j.Load(ctx); err != nil {
		return fmt.Errorf("read the run's record: %w", err)
	}
	phase := v1alpha1.Upgrading
	if r.back() {
		phase = v1alpha1.RollingBack
	}
	s := engine.Summary{Phase: string(phase), Message: "the plan was agreed to", Digest: plan.Digest(r.ledger.Approved),
		Waves: fmt.Sprintf("0/%d", len(r.ledger.Waves))}
	if err := j.Save(ctx, r.ledger, s); err != nil {
		return fmt.Errorf("write down what was agreed to: %w", err)
	}
	r.fresh = false
	return nil
}

func (r *run) writeSpec(ctx context.Context, h home) error {
	var err error
	switch {
	case r.found == nil:
		_, err = h.Create(ctx, r.MeshUpgrade)
	case r.fresh:
		_, err = h.Replace(ctx, *r.found, r.Spec)
	case r.installs:
		_, err = h.Respec(ctx, *r.found, r.Spec)
	case r.back() != r.found.Spec.Rollback:
		err = h.SetRollback(ctx, r.Name, r.back())
	}
	return err
}

// writeChoices puts on record what a run goes on with otherwise than before.
func (r *run) writeChoices(ctx context.Context, h home) error {
	if r.found == nil || r.fresh || equality.Semantic.DeepEqual(carriedOnly(r.Spec), carriedOnly(r.found.Spec)) {
		return nil
	}
	return h.SetChoices(ctx, r.Name, carriedOnly(r.Spec))
}
