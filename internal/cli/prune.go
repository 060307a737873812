// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/internal/run"
)

func (a *app) prune() *cobra.Command {
	var approval approval
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Delete saved copies of removed control planes that no run needs",
		Long: `Before upgrade --remove-old deletes a control plane, it saves a copy of each object
in Secrets of istiod's namespace. These copies outlive the run: deleting the
MeshUpgrade does not delete them.

prune lists the copies that no run can restore any more, because the run was
deleted, started again or is rolled back, and deletes them after you confirm. It
never deletes the copies of a run that can still be rolled back.`,
		Example: `  rerig prune
  rerig prune --yes`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.open(cmd.Context(), run.ToRead)
			if err != nil {
				return err
			}
			defer c.Close()
			if err := run.PermittedBesides(cmd.Context(), c, run.PruneNeeds(a.root)); err != nil {
				return err
			}
			copies, err := run.FindUnneededCopies(cmd.Context(), c)
			if err != nil {
				return err
			}
			if err := a.showCopies(copies); err != nil || len(copies) == 0 {
				return err
			}
			return a.deleteCopies(cmd.Context(), c, copies, approval)
		},
	}
	cmd.Flags().BoolVar(&approval.yes, "yes", false, "delete the listed copies without being asked")
	return cmd
}

// showCopies lists the copies that would be deleted.
func (a *app) showCopies(copies []run.UnneededCopies) error {
	if a.output == outputJSON {
		list := make([]copiesObject, 0, len(copies))
		for _, c := range copies {
			list = append(list, copiesObject{
				Secret: c.Secret, Run: c.Run, Revision: c.Revision, Created: c.Created, Objects: c.Objects, Reason: c.Reason,
			})
		}
		return a.jsonLine(map[string]any{"kind": "unneeded-copies", "namespace": a.root, "secrets": list})
	}
	if len(copies) == 0 {
		_, err := fmt.Fprintf(a.Out, "Every saved copy in namespace %s is of a run that can still be rolled back. Nothing to delete.\n", a.root)
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Saved copies in namespace %s that no run needs:\n", a.root)
	for _, c := range copies {
		fmt.Fprintf(&b, "  Secret %s: revision %s, %d objects, saved %s; %s\n",
			c.Secret, c.Revision, len(c.Objects), c.Created.Format("2006-01-02 15:04"), c.Reason)
	}
	_, err := fmt.Fprint(a.Out, b.String())
	return err
}

func secrets(n int) string {
	if n == 1 {
		return "1 Secret"
	}
	return fmt.Sprintf("%d Secrets", n)
}

// copiesObject is a Secret with saved copies, for scripts.
type copiesObject struct {
	Secret   string    `json:"secret"`
	Run      string    `json:"run"`
	Revision string    `json:"revision"`
	Created  time.Time `json:"created"`
	Objects  []string  `json:"objects"`
	Reason   string    `json:"reason"`
}

func (a *app) deleteCopies(ctx context.Context, c run.Cluster, copies []run.UnneededCopies, approval approval) error {
	if !approval.yes {
		if _, ok := terminal(a.In); !ok {
			return usageError{errors.New("ask before deleting: standard input is not a terminal; give --yes to delete without being asked")}
		}
		if err := a.ask(ctx, fmt.Sprintf("Delete %s with saved copies?", secrets(len(copies))), "nothing was deleted"); err != nil {
			return err
		}
	}
	for _, one := range copies {
		if err := c.DeleteSavedCopies(ctx, one.SavedCopies); err != nil {
			return err
		}
	}
	if a.output == outputJSON {
		return a.jsonLine(map[string]any{"kind": "deleted-copies", "namespace": a.root, "count": len(copies)})
	}
	_, err := fmt.Fprintf(a.Out, "Deleted %s with saved copies.\n", secrets(len(copies)))
	return err
}
