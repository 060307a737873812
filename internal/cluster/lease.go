// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/util/retry"
	"k8s.io/klog/v2"

	"github.com/rerig/rerig/api/v1alpha1"
)

// LeaseName is the Lease in the root namespace that says who acts.
const LeaseName = "rerig"

// ErrLeaseLost says that the Lease could not be renewed in its time: another
// process may act by now.
var ErrLeaseLost = errors.New("lost the Lease " + LeaseName)

// Hold waits until identity holds the Lease, runs act, and gives the Lease back.
// act's context ends with ctx, or with the cause ErrLeaseLost. told hears each
// holder's identity, one's own among them, so that whoever waits can say for
// whom. A holder that died is waited for as long as duration; a Lease that cannot
// be written is not waited for.
func (c *Cluster) Hold(ctx context.Context, identity string, duration time.Duration, told func(holder string), act func(context.Context) error) error {
	if err := c.leaseable(ctx); err != nil {
		return err
	}
	acting, end := context.WithCancelCause(ctx)
	defer end(nil)
	// The election must outlive ctx until act has returned: only then is the Lease
	// given back. Its own log would run through the live view.
	electing, stop := context.WithCancel(klog.NewContext(context.WithoutCancel(ctx), logr.Discard()))
	defer stop()
	begun, done := make(chan struct{}), make(chan error, 1)
	lock := &leaseWrite{Interface: c.lock(identity), now: c.Now, stop: stop}
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock:            lock,
		LeaseDuration:   duration,
		RenewDeadline:   duration * 2 / 3,
		RetryPeriod:     duration / 8,
		ReleaseOnCancel: true,
		Name:            LeaseName,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) {
				close(begun)
				done <- act(acting)
				stop()
			},
			OnStoppedLeading: func() {},
			OnNewLeader:      told,
		},
	})
	if err != nil {
		return fmt.Errorf("hold the Lease %s: %w", LeaseName, err)
	}
	go func() { // nobody acts yet: stop waiting
		select {
		case <-ctx.Done():
			select {
			case <-begun:
			default:
				stop()
			}
		case <-begun:
		}
	}()
	elector.Run(electing)
	c.letGo(identity)
	select {
	case err := <-done:
		return err
	default:
	}
	select {
	case <-begun: // the election ended before act did
		lost := ErrLeaseLost
		if lock.fault != nil {
			lost = fmt.Errorf("%w: %w", ErrLeaseLost, lock.fault)
		}
		end(ErrLeaseLost)
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, ErrLeaseLost) {
			return fmt.Errorf("%w: %w", lost, err)
		}
		return lost
	default:
	}
	if lock.ended != nil {
		return lock.ended
	}
	return ctx.Err()
}

// letGo gives the Lease back where the election could not: a renewal that was
// under way when it ended has changed the Lease that it would have released.
// Where this fails too, the Lease runs out by itself.
func (c *Cluster) letGo(identity string) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	leases := c.coordination.Leases(c.Root)
	_ = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		lease, err := leases.Get(ctx, LeaseName, metav1.GetOptions{})
		if err != nil || lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity != identity {
			return err
		}
		lease.Spec.HolderIdentity = nil
		_, err = leases.Update(ctx, lease, metav1.UpdateOptions{FieldManager: v1alpha1.FieldManager})
		return err
	})
}

func (c *Cluster) lock(identity string) resourcelock.Interface {
	return &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: c.Root, Name: LeaseName},
		Client:     c.coordination,
		LockConfig: resourcelock.ResourceLockConfig{Identity: identity},
	}
}

// leaseable looks once whether the Lease can be had at all: an election would
// try for ever.
func (c *Cluster) leaseable(ctx context.Context) error {
	if _, err := c.core.Namespaces().Get(ctx, c.Root, metav1.GetOptions{}); err != nil {
		return reading("namespace "+c.Root+", where the Lease "+LeaseName+" lives", err)
	}
	_, err := c.coordination.Leases(c.Root).Get(ctx, LeaseName, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return reading("the Lease "+c.Root+"/"+LeaseName, err)
	}
	return nil
}

// Holder returns who holds the Lease now; "" when nobody does.
func (c *Cluster) Holder(ctx context.Context) (string, error) {
	lease, err := c.coordination.Leases(c.Root).Get(ctx, LeaseName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", reading("the Lease "+c.Root+"/"+LeaseName, err)
	}
	s := lease.Spec
	if s.HolderIdentity == nil || s.RenewTime == nil || s.LeaseDurationSeconds == nil {
		return "", nil
	}
	if c.Now().After(s.RenewTime.Add(time.Duration(*s.LeaseDurationSeconds) * time.Second)) {
		return "", nil
	}
	return *s.HolderIdentity, nil
}
