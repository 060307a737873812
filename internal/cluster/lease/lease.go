// SPDX-License-Identifier: Apache-2.0

// Package lease holds the Lease that says which process works on the mesh.
package lease

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/util/retry"

	"github.com/rerig/rerig/internal/cluster/client"
)

// Name is the name of the Lease in the root namespace.
const Name = "rerig"

// releaseTimeout bounds the last attempt to release the Lease.
const releaseTimeout = 5 * time.Second

// ErrLost says that the Lease was not renewed in time: another process may act.
var ErrLost = errors.New("lost the Lease " + Name)

// Lease is the Lease of one cluster.
type Lease struct {
	api  *client.Clients
	root string
	now  func() time.Time
}

// New returns the Lease in the root namespace.
func New(api *client.Clients, root string, now func() time.Time) *Lease {
	return &Lease{api: api, root: root, now: now}
}

// Hold waits until identity holds the Lease, runs act, and releases the Lease.
// The context of act ends with ctx, or with the cause ErrLost. Hold calls observed
// with the identity of each holder, its own included. It waits for a holder that
// died as long as duration, but not for a Lease that cannot be written.
func (l *Lease) Hold(
	ctx context.Context, identity string, duration time.Duration, observed func(holder string), act func(context.Context) error,
) error {
	if err := l.readable(ctx); err != nil {
		return err
	}
	acting, end := context.WithCancelCause(ctx)
	defer end(nil)
	// The election outlives ctx until act has returned: the Lease is released only
	// then.
	electing, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	begun, done := make(chan struct{}), make(chan error, 1)
	lock := &lock{Interface: l.lock(identity), now: l.now, stop: stop}
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock:            lock,
		LeaseDuration:   duration,
		RenewDeadline:   duration * 2 / 3,
		RetryPeriod:     duration / 8,
		ReleaseOnCancel: true,
		Name:            Name,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) {
				close(begun)
				done <- act(acting)
				stop()
			},
			OnStoppedLeading: func() {},
			OnNewLeader:      observed,
		},
	})
	if err != nil {
		return fmt.Errorf("hold the Lease %s: %w", Name, err)
	}
	go stopWaiting(ctx, begun, stop)
	elector.Run(electing)
	l.release(identity)
	select {
	case err := <-done:
		return err
	default:
	}
	select {
	case <-begun: // the election ended before act did
		return lost(lock, end, done)
	default:
	}
	if lock.gaveUp != nil {
		return lock.gaveUp
	}
	return ctx.Err()
}

// stopWaiting ends the election when ctx ends before act has begun.
func stopWaiting(ctx context.Context, begun <-chan struct{}, stop func()) {
	select {
	case <-ctx.Done():
		select {
		case <-begun:
		default:
			stop()
		}
	case <-begun:
	}
}

// lost ends act and waits for it.
func lost(lock *lock, end context.CancelCauseFunc, done <-chan error) error {
	cause := ErrLost
	if lock.writeErr != nil {
		cause = fmt.Errorf("%w: %w", ErrLost, lock.writeErr)
	}
	end(ErrLost)
	if err := <-done; err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, ErrLost) {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return cause
}

// release releases the Lease where the election could not: a renewal that had
// begun when it ended changed the Lease. If this fails too, the Lease expires.
func (l *Lease) release(identity string) {
	ctx, cancel := context.WithTimeout(context.Background(), releaseTimeout)
	defer cancel()
	leases := l.api.CoordinationV1().Leases(l.root)
	_ = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		lease, err := leases.Get(ctx, Name, metav1.GetOptions{})
		if err != nil || lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity != identity {
			return err
		}
		lease.Spec.HolderIdentity = nil
		_, err = leases.Update(ctx, lease, client.Updating)
		return err
	})
}

func (l *Lease) lock(identity string) resourcelock.Interface {
	return &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: l.root, Name: Name},
		Client:     l.api.CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{Identity: identity},
	}
}

// readable reads the Lease once: an election would try for ever.
func (l *Lease) readable(ctx context.Context) error {
	if _, err := l.api.CoreV1().Namespaces().Get(ctx, l.root, metav1.GetOptions{}); err != nil {
		return client.ReadError("namespace "+l.root+", where the Lease "+Name+" is", err)
	}
	_, err := l.api.CoordinationV1().Leases(l.root).Get(ctx, Name, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return client.ReadError("the Lease "+l.root+"/"+Name, err)
	}
	return nil
}

// Holder returns the identity of the current holder, "" if there is none.
func (l *Lease) Holder(ctx context.Context) (string, error) {
	lease, err := l.api.CoordinationV1().Leases(l.root).Get(ctx, Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", client.ReadError("the Lease "+l.root+"/"+Name, err)
	}
	s := lease.Spec
	if s.HolderIdentity == nil || s.RenewTime == nil || s.LeaseDurationSeconds == nil {
		return "", nil
	}
	if l.now().After(s.RenewTime.Add(time.Duration(*s.LeaseDurationSeconds) * time.Second)) {
		return "", nil
	}
	return *s.HolderIdentity, nil
}
