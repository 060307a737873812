// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/internal/report"
)

func (a *app) inventory() *cobra.Command {
	return &cobra.Command{
		Use:   "inventory",
		Short: "Show every revision, and for every workload the four truths side by side",
		Long: `Show every control-plane revision and tag, and for every workload, gateways
too, four answers to "which revision?" side by side:

  LABELS ASK     what the labels of the namespace and of the pod ask for
  WEBHOOKS GIVE  what the live webhooks would do to a new pod
  PODS CARRY     what its pods were injected with
  SERVED BY      the istiod that each proxy is connected to, its version, and
                 whether everything that it sent is acknowledged

Where they disagree it says so in words. Nothing is changed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			h, err := a.open(cmd.Context(), looking)
			if err != nil {
				return err
			}
			defer h.Close()
			w, err := h.Observe(cmd.Context())
			if err != nil {
				return fmt.Errorf("observe the mesh: %w", err)
			}
			inv := report.InventoryOf(w)
			if a.output == outputJSON {
				return a.json(inv)
			}
			_, err = fmt.Fprint(a.Out, inv.Text(a.paper()))
			return err
		},
	}
}
