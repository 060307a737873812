// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/internal/report"
	"github.com/rerig/rerig/internal/run"
	"github.com/rerig/rerig/internal/run/spec"
)

func (a *app) plan() *cobra.Command {
	var flags spec.Flags
	var patches string
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what an upgrade would do; change nothing",
		Long: `Show what an upgrade with the same flags would do: which control plane it would
install, from what and by which tool; the labels, restarts and checks of each
wave; and what to know before you approve it. Nothing is changed.`,
		Example: `  rerig plan --to 1-31-0 --operator canary.yaml
  rerig plan --to 1-31-0 -n shop-web -n shop-data --waves 2
  rerig plan -f move.yaml -o json`,
		Args: a.revisionByFlag,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.showPlan(cmd.Context(), &flags, patches)
		},
	}
	flags.AddTo(cmd.Flags())
	patchesFlag(cmd, &patches)
	a.detailsFlag(cmd)
	return cmd
}

func (a *app) showPlan(ctx context.Context, flags *spec.Flags, patches string) error {
	u, err := flags.MeshUpgrade(ctx, a.In)
	if err != nil {
		return usageError{err}
	}
	c, err := a.openFor(ctx, run.ToRead, u)
	if err != nil {
		return err
	}
	defer c.Close()
	r, err := a.request(ctx, c, u, flags)
	if err != nil {
		return err
	}
	r.RetryWave()
	p, err := r.Propose(ctx, c, a.environment())
	if err != nil {
		return a.unlessInPlace(err)
	}
	if err := noteMissingPermissions(ctx, c, r, p); err != nil {
		return err
	}
	if err := a.writePatches(p.Plan, patches); err != nil {
		return err
	}
	if a.output == outputJSON {
		return a.json(p.Object())
	}
	return a.show(p)
}

// noteMissingPermissions adds to a plan what its install needs and the caller may
// not do. An upgrade is refused for that; a plan may be for someone else to carry
// out.
func noteMissingPermissions(ctx context.Context, c run.Cluster, r *run.Run, p report.Proposal) error {
	if p.Installer == nil {
		return nil
	}
	lacking, err := r.LacksToInstall(ctx, c)
	if err == nil && len(lacking) > 0 {
		p.Installer.Notes = append(p.Installer.Notes,
			"you may not "+strings.Join(lacking, ", ")+": whoever runs the upgrade needs these permissions")
	}
	return err
}
