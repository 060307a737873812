// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/internal/cluster"
	"github.com/rerig/rerig/internal/report"
	"github.com/rerig/rerig/internal/run"
)

func (a *app) inventory() *cobra.Command {
	return &cobra.Command{
		Use:   "inventory",
		Short: "Show every revision, and which revision each workload uses",
		Long: `Show every control-plane revision and tag and, for every workload and gateway,
the answers to the question which revision it uses:

  LABELS        the revision that the labels of the namespace and of the pod select
  WEBHOOK       the revision that the live webhooks would inject into a new pod
  SIDECAR       the revision that the running pods were injected with
  CONNECTED TO  the istiod that each proxy is connected to, and its version
  CONFIG        whether the proxy has acknowledged everything it was sent

Disagreements are described in words. Nothing is changed.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.open(cmd.Context(), run.ToRead)
			if err != nil {
				return err
			}
			defer c.Close()
			w, err := c.Observer(cluster.Scope{}).Observe(cmd.Context())
			if err != nil {
				return fmt.Errorf("observe the mesh: %w", err)
			}
			inventory := report.InventoryOf(w)
			if a.output == outputJSON {
				return a.json(inventory)
			}
			_, err = fmt.Fprint(a.Out, inventory.Text(a.style()))
			return err
		},
	}
}
