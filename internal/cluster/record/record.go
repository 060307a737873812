// SPDX-License-Identifier: Apache-2.0

package record

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/step"
)

// Record is the record of one run, kept in its MeshUpgrade. It is for one
// goroutine.
type Record struct {
	store *Store
	name  string
	last  v1alpha1.MeshUpgrade // as it was last read or written
}

var _ engine.Record = (*Record)(nil)

// Record returns the record of a run that exists.
func (s *Store) Record(name string) *Record { return &Record{store: s, name: name} }

// Load reads the MeshUpgrade.
func (r *Record) Load(ctx context.Context) (step.Intent, step.Ledger, error) {
	m, err := r.store.Get(ctx, r.name)
	if errors.Is(err, ErrNoRun) {
		return step.Intent{}, step.Ledger{}, client.Final(fmt.Errorf("%w: MeshUpgrade %s was deleted. "+
			"Nothing more is changed: what was moved serves on its revision, and the run can no longer be rolled back. "+
			"To start again, with a rollback to the revision OLD, run the upgrade with --from OLD", err, r.name))
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
	r.last = m
	return intent, ledger, nil
}

// Save writes the status if the MeshUpgrade is still the one that was last loaded
// or saved.
func (r *Record) Save(ctx context.Context, ledger step.Ledger, summary engine.Summary) error {
	m := r.last
	m.Name = r.name
	packed, err := client.Pack(ledger)
	if err != nil {
		return fmt.Errorf("write the ledger: %w", err)
	}
	m.Status = v1alpha1.MeshUpgradeStatus{
		Phase:      v1alpha1.Phase(summary.Phase),
		Message:    summary.Message,
		Waves:      summary.Waves,
		Digest:     summary.Digest,
		Conditions: conditions(m, summary, r.store.now()),
		Ledger:     packed,
	}
	written, err := r.store.put(ctx, m, "status")
	if err != nil {
		return saveError(err)
	}
	r.last = written
	return nil
}

// tooLarge are the errors of etcd, and of its client in an API server, for an
// object that is too large: from 1.5 MB and from 2 MB, as seen with Kubernetes 1.34.
var tooLarge = []string{"etcdserver: request is too large", "trying to send message larger than max"}

// saveError adds what to do about a record that was not written.
func saveError(err error) error {
	large := slices.ContainsFunc(tooLarge, func(words string) bool { return strings.Contains(err.Error(), words) })
	switch {
	case apierrors.IsRequestEntityTooLargeError(err) || large:
		return client.Final(fmt.Errorf("the record exceeds the 1.5 MB that a cluster stores of one object. "+
			"Move fewer namespaces in one run (-n): %w", err))
	case apierrors.IsForbidden(err):
		return fmt.Errorf("%w (it needs the verb update on meshupgrades/status of rerig.dev)", err)
	}
	return err
}

// ReadLedger reads a MeshUpgrade's status.ledger. An empty one is the ledger of a
// run that has not started.
func ReadLedger(packed []byte) (step.Ledger, error) {
	var l step.Ledger
	if len(packed) == 0 {
		return l, nil
	}
	if err := client.Unpack(packed, &l); err != nil {
		return l, fmt.Errorf("read the ledger: %w", err)
	}
	return l, nil
}

// maxConditionMessage is the longest message of a condition, in characters
// (metav1.Condition).
const maxConditionMessage = 32768

func limited(message string) string {
	runes := []rune(message)
	if len(runes) <= maxConditionMessage {
		return message
	}
	return string(runes[:maxConditionMessage-1]) + "…"
}

// conditions summarizes a run for `kubectl wait`. The time of a transition changes
// only with its status.
func conditions(m v1alpha1.MeshUpgrade, s engine.Summary, now time.Time) []metav1.Condition {
	complete := metav1.Condition{
		Type: v1alpha1.ConditionComplete, Status: metav1.ConditionFalse, Reason: string(cmp.Or(s.Phase, "Unknown")), Message: s.Message,
	}
	if s.Phase == step.PhaseCompleted || s.Phase == step.PhaseRolledBack {
		complete.Status = metav1.ConditionTrue
	}
	held := metav1.Condition{Type: v1alpha1.ConditionHeld, Status: metav1.ConditionFalse, Reason: "Running"}
	if s.Hold != nil {
		held.Status, held.Reason, held.Message = metav1.ConditionTrue, string(s.Hold.Reason), s.Hold.Subject+": "+s.Hold.Message
	}
	complete.Message, held.Message = limited(complete.Message), limited(held.Message)
	list := slices.Clone(m.Status.Conditions)
	for _, c := range []metav1.Condition{complete, held} {
		c.ObservedGeneration = m.Generation
		c.LastTransitionTime = metav1.NewTime(now.UTC().Truncate(time.Second))
		meta.SetStatusCondition(&list, c)
	}
	return list
}
