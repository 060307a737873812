// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/engine"
)

// TurnBack points a run at its baseline; that is recorded once the plan is
// approved. It fails while another process works on the run. After the run's end
// it waits up to leaseTimeout for a Lease to expire: a process that died at its last
// write leaves one.
func (r *Run) TurnBack(ctx context.Context, c Cluster, clock engine.Clock, leaseTimeout time.Duration) error {
	if r.Fresh {
		return fmt.Errorf("roll back run %s: no plan of it was ever approved, so nothing was moved", r.Name)
	}
	if _, err := Find(ctx, c, r.Name, r.Spec.IstioNamespace); err != nil {
		return err
	}
	var err error
	if r.later, err = laterRuns(ctx, c, r); err != nil {
		return err
	}
	if r.RollingBack() {
		return nil
	}
	if leaseHolder, err := r.waitForLeaseHolder(ctx, c, clock, leaseTimeout); err != nil {
		return err
	} else if leaseHolder != "" {
		return r.ErrHeld(leaseHolder)
	}
	r.Spec.Rollback = true
	return r.readIntent()
}

// ErrHeld returns the error of a rollback while another process, which would not
// notice, works on the run.
func (r *Run) ErrHeld(leaseHolder string) error {
	return fmt.Errorf("roll back run %s: %s works on it: interrupt that process first (Ctrl-C), or wait until its Lease has expired",
		r.Name, leaseHolder)
}

// waitForLeaseHolder returns who works on the run, after waiting for the Lease of a run
// that has ended to expire.
func (r *Run) waitForLeaseHolder(ctx context.Context, c Cluster, clock engine.Clock, leaseTimeout time.Duration) (string, error) {
	began := clock.Now()
	for {
		leaseHolder, err := c.LeaseHolder(ctx)
		if leaseHolder == "" || err != nil || !r.Ended() || clock.Now().Sub(began) > leaseTimeout {
			return leaseHolder, err
		}
		if err := clock.Sleep(ctx, time.Second); err != nil {
			return leaseHolder, err
		}
	}
}
