// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/plan"
)

// Journal keeps one run's record in its MeshUpgrade.
type Journal struct {
	cluster *Cluster
	name    string
	last    v1alpha1.MeshUpgrade // as it was read or written last
}

var _ engine.Journal = (*Journal)(nil)

// Journal returns the journal of a run that exists. It is for one goroutine.
func (c *Cluster) Journal(name string) *Journal { return &Journal{cluster: c, name: name} }

// Load reads the MeshUpgrade.
func (j *Journal) Load(ctx context.Context) (plan.Intent, plan.Ledger, error) {
	m, err := j.cluster.Get(ctx, j.name)
	if errors.Is(err, ErrNoRun) {
		return plan.Intent{}, plan.Ledger{}, fmt.Errorf("%w: %w: somebody deleted it while it was worked on: what it had in hand serves on, and the next run finds it", engine.ErrRefused, err)
	}
	if err != nil {
		return plan.Intent{}, plan.Ledger{}, err
	}
	intent, err := IntentOf(m)
	if err != nil {
		return plan.Intent{}, plan.Ledger{}, err
	}
	ledger, err := ReadLedger(m.Status.Ledger)
	if err != nil {
		return plan.Intent{}, plan.Ledger{}, err
	}
	j.last = m
	return intent, ledger, nil
}

// Save writes the status if the MeshUpgrade is still the one that was loaded or
// saved last.
func (j *Journal) Save(ctx context.Context, ledger plan.Ledger, summary engine.Summary) error {
	m := j.last
	m.Name = j.name
	packed, err := pack(ledger)
	if err != nil {
		return err
	}
	m.Status = v1alpha1.MeshUpgradeStatus{
		Phase:      v1alpha1.Phase(summary.Phase),
		Message:    summary.Message,
		Waves:      summary.Waves,
		Digest:     summary.Digest,
		Conditions: conditions(m, summary, j.cluster.Now()),
		Ledger:     packed,
	}
	written, err := j.cluster.put(ctx, m, "status")
	if err != nil {
		return err
	}
	j.last = written
	return nil
}
