// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/lab/internal/parts"
)

func pathCommand(*flags) *cobra.Command {
	return &cobra.Command{
		Use: "path PART", Short: "Print the path of a part, building the part if it is missing",
		Long: "Print the path of a part. A missing part is built or downloaded first.\nParts: " + strings.Join(parts.Names(), ", ") + ".",
		Args: cobra.ExactArgs(1), ValidArgs: parts.Names(),
		RunE: func(c *cobra.Command, args []string) error {
			s, err := newStore()
			if err != nil {
				return err
			}
			place, err := s.Path(c.Context(), args[0])
			if err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), place)
			return nil
		},
	}
}

func kubeconfigCommand(f *flags) *cobra.Command {
	return &cobra.Command{
		Use: "kubeconfig", Short: "Print the path of the lab's kubeconfig", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			l, err := f.loadLab()
			if err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), l.Kubeconfig())
			return nil
		},
	}
}
