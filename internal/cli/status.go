// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/internal/run"
)

func (a *app) status() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status [NAME]",
		Short: "Show the state of a run, and why it stopped",
		Long: `Show the state of a run: its phase, its waves and what is left of it; if it is
held, why, and what to do. With -o json, show everything that is recorded as
well. The default NAME is the unfinished run, or else the one that ended last.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			c, r, err := a.openRun(cmd.Context(), run.ToRead, firstOf(arguments))
			if err != nil {
				return err
			}
			defer c.Close()
			s, err := r.StatusReport(cmd.Context(), c, a.clock.Now())
			if err != nil {
				return err
			}
			if a.output == outputJSON {
				return a.json(s.Object())
			}
			_, err = fmt.Fprint(a.Out, s.Text(a.style()))
			return err
		},
	}
	a.detailsFlag(cmd)
	return cmd
}
