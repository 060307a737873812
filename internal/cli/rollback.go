// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) rollback() *cobra.Command {
	var c consent
	var folder string
	var lease time.Duration
	cmd := &cobra.Command{
		Use:   "rollback [NAME]",
		Short: "Show the plan back to what was found before a run, ask, and carry it out",
		Long: `Show the plan back to what was found before a run, ask, and carry it out: made
by the same planner, done by the same engine, proven on the wire as well. It
can be begun at any point of a run, also of a finished one. Without a name it
is the unfinished run, or else the one that ended last.

The control plane that was moved to stays installed and unused.

Labels that a GitOps tool keeps are waited for: --patches writes them out for
committing, before anything is asked or done.

` + exitHelp,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			if err := positive(lease); err != nil {
				return err
			}
			h, err := a.open(cmd.Context(), running)
			if err != nil {
				return err
			}
			defer h.Close()
			r, err := named(cmd.Context(), h, arguments)
			if err != nil {
				return err
			}
			if err := a.turn(cmd.Context(), h, r); err != nil {
				return err
			}
			if folder != "" { // before it is asked for, or watched
				p, err := observed(cmd.Context(), h, r)
				if err != nil {
					return err
				}
				if err := a.commits(p.Plan, folder); err != nil {
					return err
				}
			}
			return a.carryOut(cmd.Context(), h, r, c, lease)
		},
	}
	c.flags(cmd)
	patchesFlag(cmd, &folder)
	leaseFlag(cmd, &lease)
	return cmd
}

// turn points a run back to its baseline; that is written down once it was
// agreed to.
func (a *app) turn(ctx context.Context, h home, r *run) error {
	if r.fresh {
		return fmt.Errorf("roll run %s back: nothing of it was ever agreed to, so nothing was moved", r.Name)
	}
	if _, err := recorded(ctx, h, r.Name); err != nil {
		return err
	}
	var err error
	if r.later, err = later(ctx, h, r); err != nil {
		return err
	}
	if r.back() {
		return nil
	}
	if by, err := a.holder(ctx, h, r); err != nil {
		return err
	} else if by != "" {
		return r.worked(by)
	}
	r.Spec.Rollback = true
	return r.reread()
}

// worked is the error of a run that cannot be turned around, since somebody works
// on it who would not hear of that.
func (r *run) worked(by string) error {
	return fmt.Errorf("roll run %s back: %s works on it: interrupt that process first (Ctrl-C), or wait until its Lease has run out", r.Name, by)
}

// holder is who works on a run. Of one that has come to its end it is waited for a
// while: a process that died at its last write leaves a Lease that runs out.
func (a *app) holder(ctx context.Context, h home, r *run) (string, error) {
	began := a.clock.Now()
	for {
		by, err := h.Holder(ctx)
		if by == "" || err != nil || !r.ended() || a.clock.Now().Sub(began) > 2*leaseDuration {
			return by, err
		}
		if err := a.clock.Sleep(ctx, time.Second); err != nil {
			return by, err
		}
	}
}
