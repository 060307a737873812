// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// stubborn is how long the Lease may fail to be written before the wait for it
// ends: as long as a run's other writes may.
const stubborn = 2 * time.Minute

// leaseWrite hears why the Lease cannot be written: the election would try for
// ever, and keep that to itself.
type leaseWrite struct {
	resourcelock.Interface
	now   func() time.Time
	stop  func() // ends the election
	held  bool   // it was written once: what fails from then on is the election's to judge
	fault error  // why the last write failed, nil when it passed or came too late
	since time.Time
	ended error // why the election was ended
}

func (w *leaseWrite) Create(ctx context.Context, r resourcelock.LeaderElectionRecord) error {
	return w.heard(w.Interface.Create(ctx, r))
}

func (w *leaseWrite) Update(ctx context.Context, r resourcelock.LeaderElectionRecord) error {
	return w.heard(w.Interface.Update(ctx, r))
}

func (w *leaseWrite) heard(err error) error {
	switch {
	case err == nil:
		w.held, w.fault = true, nil
		return nil
	case apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) || apierrors.IsNotFound(err): // another was first
		w.fault = nil
		return err
	case w.fault == nil:
		w.since = w.now()
	}
	w.fault = writing("write the Lease "+w.Describe(), err)
	if !w.held && w.ended == nil && (refused(err) || w.now().Sub(w.since) >= stubborn) {
		w.ended = w.fault
		w.stop()
	}
	return err
}
