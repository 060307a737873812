// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/internal/report"
)

func (a *app) plan() *cobra.Command {
	var w wish
	var folder string
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what an upgrade would do; change nothing",
		Long: `Show what an upgrade with the same flags would do: the control plane that it
would install, from what and by what; wave by wave the labels, restarts and
proofs; and what to know before agreeing to it. Nothing is changed.`,
		Example: `  rerig plan --to 1-31-0 --operator canary.yaml
  rerig plan --to 1-31-0 -n shop-web -n shop-data --waves 2
  rerig plan -f move.yaml -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			u, err := w.upgrade(cmd.Context(), a.Streams)
			if err != nil {
				return err
			}
			h, err := a.open(cmd.Context(), looking)
			if err != nil {
				return err
			}
			defer h.Close()
			r, err := wanted(cmd.Context(), h, u, w.said)
			if err != nil {
				return err
			}
			a.stays(r, w)
			r.source, r.istioctl = w.source(), w.istioctl
			r.again()
			p, err := a.propose(cmd.Context(), h, r)
			if err != nil {
				return a.unlessInPlace(err)
			}
			if err := forbidden(cmd.Context(), h, r, p); err != nil {
				return err
			}
			if err := a.commits(p.Plan, folder); err != nil {
				return err
			}
			if a.output == outputJSON {
				return a.json(p.Object())
			}
			return a.show(p)
		},
	}
	w.flags(cmd)
	patchesFlag(cmd, &folder)
	return cmd
}

// forbidden notes what the install takes and the caller may not do. An upgrade is
// refused for that; a plan may be for somebody else to carry out.
func forbidden(ctx context.Context, h home, r *run, p report.Proposal) error {
	if p.Installer == nil || len(r.needs) == 0 {
		return nil
	}
	lacking, err := h.Lacks(ctx, looking, r.needs)
	if err == nil && len(lacking) > 0 {
		p.Installer.Notes = append(p.Installer.Notes, "you may not "+strings.Join(lacking, ", ")+": whoever carries this out has to be permitted that")
	}
	return err
}
