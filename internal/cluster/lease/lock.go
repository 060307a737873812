// SPDX-License-Identifier: Apache-2.0

package lease

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"github.com/rerig/rerig/internal/cluster/client"
)

// writeTimeout is how long writes of the Lease may fail until the wait for it
// ends: as long as the other writes of a run.
const writeTimeout = 2 * time.Minute

// lock remembers why the Lease cannot be written. The election keeps that to
// itself, and would try for ever.
type lock struct {
	resourcelock.Interface
	now      func() time.Time
	stop     func()    // ends the election
	held     bool      // the Lease was written once: later failures are the election's to handle
	writeErr error     // of the last write, nil if it passed or another holder was first
	since    time.Time // when writes began to fail
	gaveUp   error     // why the election was ended
}

func (l *lock) Create(ctx context.Context, r resourcelock.LeaderElectionRecord) error {
	return l.note(l.Interface.Create(ctx, r))
}

func (l *lock) Update(ctx context.Context, r resourcelock.LeaderElectionRecord) error {
	return l.note(l.Interface.Update(ctx, r))
}

func (l *lock) note(err error) error {
	switch {
	case err == nil:
		l.held, l.writeErr = true, nil
		return nil
	case apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) || apierrors.IsNotFound(err): // another holder was first
		l.writeErr = nil
		return err
	case l.writeErr == nil:
		l.since = l.now()
	}
	l.writeErr = client.WriteError("write the Lease "+l.Describe(), err)
	if !l.held && l.gaveUp == nil && (client.IsRefused(err) || l.now().Sub(l.since) >= writeTimeout) {
		l.gaveUp = l.writeErr
		l.stop()
	}
	return err
}
