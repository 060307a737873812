// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report"
)

func (a *app) status() *cobra.Command {
	return &cobra.Command{
		Use:   "status [NAME]",
		Short: "Show where a run stands, and why it stopped where it did",
		Long: `Show where a run stands: its phase, its waves, what is left of it, and where it
is held why, and what to do. With -o json also everything that is written down
of it. Without a name it is the unfinished run, or else the one that ended
last.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			h, err := a.open(cmd.Context(), looking)
			if err != nil {
				return err
			}
			defer h.Close()
			r, err := named(cmd.Context(), h, arguments)
			if err != nil {
				return err
			}
			s, err := standing(cmd.Context(), h, r, a.clock.Now())
			if err != nil {
				return err
			}
			if a.output == outputJSON {
				return a.json(s.Object())
			}
			_, err = fmt.Fprint(a.Out, s.Text(a.paper()))
			return err
		},
	}
}

// standing is where a run stands: what is written down, against the mesh.
func standing(ctx context.Context, h home, r *run, at time.Time) (report.Standing, error) {
	s := report.Standing{Run: r.Name, Intent: r.intent, Phase: string(r.Status.Phase), Message: r.Status.Message,
		Digest: r.Status.Digest, Ledger: r.ledger, Fresh: r.fresh, At: at}
	var err error
	s.Holder, err = h.Holder(ctx)
	if s.Veiled = errors.Is(err, engine.ErrRefused); err != nil && !s.Veiled { // whoever may only look sees the rest
		return s, err
	}
	if err := r.glimpsed(ctx, h); err != nil { // it is shown all the same, and that it is not whole
		s.Unseen = err.Error()
	}
	if s.World, err = h.Observe(ctx); err != nil {
		return s, fmt.Errorf("observe the mesh: %w", err)
	}
	if r.fresh {
		return s, nil
	}
	r.again()
	s.Target, err = plan.Aim(s.World, r.intent, r.ledger)
	if gone, is := errors.AsType[plan.Gone](err); is { // what is on record is shown all the same
		s.Gone, err = &gone, nil
	}
	if err != nil {
		return s, err
	}
	s.Left = plan.Steps(s.World, s.Target, r.ledger)
	return s, nil
}
