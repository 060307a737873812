// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
)

// patches writes out, for somebody to commit, what a GitOps tool keeps from being
// written: a strategic merge patch for each namespace, and when its time is.
func patches(p plan.Plan, folder string) (int, error) {
	n := 0
	for _, s := range plan.Changing(p.Stages) {
		if s.By == "" || s.Kind != plan.Label && s.Kind != plan.Pin && s.Kind != plan.Unpin {
			continue
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return n, fmt.Errorf("write patches for committing: %w", err)
		}
		n++
		path := filepath.Join(folder, fmt.Sprintf("%02d-%s-%s.yaml", n, s.Kind, s.Subject))
		if err := os.WriteFile(path, []byte(patch(s)), 0o644); err != nil {
			return n, fmt.Errorf("write patches for committing: %w", err)
		}
	}
	return n, nil
}

// commits writes the patches of a plan into a folder, and says so; "" is none.
func (a *app) commits(p plan.Plan, folder string) error {
	if folder == "" {
		return nil
	}
	n, err := patches(p, folder)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.Err, "%s for committing: %d, in %s\n", map[bool]string{false: "patches of the way forth", true: "patches of the way back"}[p.Target.Back], n, folder)
	return nil
}

// patchesFlag names the folder of the patches.
func patchesFlag(cmd *cobra.Command, folder *string) {
	cmd.Flags().StringVar(folder, "patches", "", "write what GitOps tools keep, for committing, into this `DIR`")
}

// patch is one of them.
func patch(s plan.Step) string {
	when := "after the last wave, once the run waits for it"
	switch {
	case s.Kind == plan.Pin:
		when = "before the first wave, once the run waits for it"
	case s.Wave > 0:
		when = fmt.Sprintf("in wave %d, once the run waits for it", s.Wave)
	}
	from, errFrom := mesh.ParseBinding(s.From)
	to, errTo := mesh.ParseBinding(s.To)
	if errFrom != nil || errTo != nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Namespace %s, kept by %s: %s -> %s.\n# Commit it %s.\n", s.Subject, s.By, s.From, s.To, when)
	fmt.Fprintf(&b, "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: %s\n  labels:\n", s.Subject)
	label(&b, mesh.InjectionLabel, from.Injection, to.Injection)
	label(&b, mesh.RevisionLabel, from.Revision, to.Revision)
	return b.String()
}

// label writes a label that changes; null takes it away.
func label(b *strings.Builder, key string, from, to mesh.Label) {
	switch {
	case to.Set:
		fmt.Fprintf(b, "    %s: %q\n", key, to.Value)
	case from.Set:
		fmt.Fprintf(b, "    %s: null\n", key)
	}
}
