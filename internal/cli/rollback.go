// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/internal/run"
)

func (a *app) rollback() *cobra.Command {
	var approval approval
	var patches string
	var lease time.Duration
	cmd := &cobra.Command{
		Use:   "rollback [NAME]",
		Short: "Show the plan back to the mesh as it was before a run, ask, and carry it out",
		Long: `Show the plan back to the mesh as it was before a run, ask for approval, and
carry it out. A rollback uses the same planner, engine and checks as an upgrade.
It can start at any point of a run, also after its end. The default NAME is the
unfinished run, or else the one that ended last.

The control plane that was upgraded to stays installed and unused.

A rollback waits for labels that a GitOps tool manages: --patches writes them as
patches to commit, before anything is asked or done.

` + exitHelp,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			if err := validateLease(lease); err != nil {
				return err
			}
			c, r, err := a.openRun(cmd.Context(), run.ToWrite, firstOf(arguments))
			if err != nil {
				return err
			}
			defer c.Close()
			if err := r.TurnBack(cmd.Context(), c, a.clock, 2*leaseDuration); err != nil {
				return err
			}
			if err := a.writeRollbackPatches(cmd.Context(), c, r, patches); err != nil {
				return err
			}
			return a.execute(cmd.Context(), c, r, approval, lease)
		},
	}
	approval.flags(cmd)
	patchesFlag(cmd, &patches)
	leaseFlag(cmd, &lease)
	a.detailsFlag(cmd)
	return cmd
}

// writeRollbackPatches writes the patches before approval is asked for, and before
// another process is watched.
func (a *app) writeRollbackPatches(ctx context.Context, c run.Cluster, r *run.Run, folder string) error {
	if folder == "" {
		return nil
	}
	p, err := r.Observe(ctx, c)
	if err != nil {
		return err
	}
	return a.writePatches(p.Plan, folder)
}

func firstOf(arguments []string) string {
	if len(arguments) == 0 {
		return ""
	}
	return arguments[0]
}
