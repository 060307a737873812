// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/run"
	"github.com/rerig/rerig/internal/run/spec"
)

func (a *app) upgrade() *cobra.Command {
	var flags spec.Flags
	var approval approval
	var lease time.Duration
	cmd := &cobra.Command{
		Use:   "upgrade",
		Short: "Show the plan, ask, and move the mesh wave by wave",
		Long: `Show the plan, ask for approval, and carry it out: first the control plane, then
for each wave labels, restarts, verification on the wire, and a soak. A failing
check stops the run.

Nothing is lost if the command is interrupted, killed or cut off: the same
command continues, and asks again only if what is left differs from what was
approved. While another process works on the same run, this one watches, and
takes over if that process dies.

` + exitHelp,
		Example: `  rerig upgrade --to 1-31-0 --operator canary.yaml --istioctl ./istioctl-1.31.0
  rerig upgrade --to 1-31-0 --wave shop-data --wave shop-web,shop-edge --soak 5m
  rerig upgrade -f move.yaml --yes`,
		Args: a.revisionByFlag,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := validateLease(lease); err != nil {
				return err
			}
			u, err := flags.MeshUpgrade(cmd.Context(), a.In)
			if err != nil {
				return usageError{err}
			}
			c, err := a.openFor(cmd.Context(), run.ToWrite, u)
			if err != nil {
				return err
			}
			defer c.Close()
			r, err := a.request(cmd.Context(), c, u, &flags)
			if err != nil {
				return err
			}
			return a.execute(cmd.Context(), c, r, approval, lease)
		},
	}
	flags.AddTo(cmd.Flags())
	approval.flags(cmd)
	leaseFlag(cmd, &lease)
	a.detailsFlag(cmd)
	return cmd
}

// request returns the run that a MeshUpgrade asks for, and writes which recorded
// fields stay because its file does not state them.
func (a *app) request(ctx context.Context, c run.Cluster, u *v1alpha1.MeshUpgrade, flags *spec.Flags) (*run.Run, error) {
	for _, text := range flags.FormerNames {
		a.tell("%s; the former name still works", text)
	}
	r, err := run.Request(ctx, c, u, flags.Stated, run.LocalFiles{Source: flags.Source(), Istioctl: flags.Istioctl})
	if err != nil {
		return nil, err
	}
	if len(r.Unstated) > 0 {
		a.tell("%s does not state %s; the recorded value stays", flags.File, strings.Join(r.Unstated, ", "))
	}
	return r, nil
}
