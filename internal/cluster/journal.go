// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/step"
)

// Journal keeps one run's record in its MeshUpgrade.
type Journal struct {
	cluster *Cluster
	name    string
	last    v1alpha1.MeshUpgrade // as it was read or written last
}

var _ engine.Record = (*Journal)(nil)

// Journal returns the journal of a run that exists. It is for one goroutine.
func (c *Cluster) Journal(name string) *Journal { return &Journal{cluster: c, name: name} }

// Load reads the MeshUpgrade.
func (j *Journal) Load(ctx context.Context) (step.Intent, step.Ledger, error) {
	m, err := j.cluster.Get(ctx, j.name)
	if errors.Is(err, ErrNoRun) {
		return step.Intent{}, step.Ledger{}, final{fmt.Errorf("%w: MeshUpgrade %s was deleted; nothing more is changed, what was moved serves where it is, and its rollback is gone: run the upgrade again with --from OLD (the revision that was left) to begin anew and be able to go back to OLD", err, j.name)}
	}
	if err != nil {
		return step.Intent{}, step.Ledger{}, err
	}
	intent, err := IntentOf(m)
	if err != nil {
		return step.Intent{}, step.Ledger{}, err
	}
	ledger, err := ReadLedger(m.Status.Ledger)
	if err != nil {
		return step.Intent{}, step.Ledger{}, err
	}
	j.last = m
	return intent, ledger, nil
}

// tooLarge is how etcd, and its client in an API server, speak of what they do not
// take: from 1.5 MB and from 2 MB on, as seen of Kubernetes 1.34.
var tooLarge = []string{"etcdserver: request is too large", "trying to send message larger than max"}

// unsaved tells what to do about a record that is not taken.
func unsaved(err error) error {
	large := slices.ContainsFunc(tooLarge, func(words string) bool { return strings.Contains(err.Error(), words) })
	switch {
	case apierrors.IsRequestEntityTooLargeError(err) || large:
		return final{fmt.Errorf("the record exceeds the 1.5 MB that a cluster keeps of one object: move fewer namespaces in one run (-n): %w", err)}
	case apierrors.IsForbidden(err):
		return fmt.Errorf("%w (it takes the verb update on meshupgrades/status of rerig.dev)", err)
	}
	return err
}

// Save writes the status if the MeshUpgrade is still the one that was loaded or
// saved last.
func (j *Journal) Save(ctx context.Context, ledger step.Ledger, summary engine.Summary) error {
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
		return unsaved(err)
	}
	j.last = written
	return nil
}
