// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
)

// patches are, for somebody to commit, what a GitOps tool keeps from being written,
// by the names of their files: a strategic merge patch for each namespace, and when
// its time is.
func patches(p plan.Plan) map[string]string {
	files := map[string]string{}
	for _, s := range plan.Changing(p.Stages) {
		if s.By == "" || s.Kind != plan.Label && s.Kind != plan.Pin && s.Kind != plan.Unpin {
			continue
		}
		files[fmt.Sprintf("%02d-%s-%s.yaml", len(files)+1, s.Kind, s.Subject)] = mark(p.Target) + patch(s)
	}
	return files
}

// mark is the line that tells whose a patch is: what is left of a way is numbered
// anew each time, and takes the place of what was written of it before.
func mark(t plan.Target) string {
	return fmt.Sprintf("# Run %s, the way %s.\n", t.Run, map[bool]string{false: "forth", true: "back"}[t.Back])
}

// numbered is the name of such a file.
var numbered = regexp.MustCompile(`^[0-9]{2,}-(label|pin|unpin)-.+\.yaml$`)

// earlier are the patches that a folder holds: those with a mark, and the others, of
// another run or of the other way. Beside these nobody could tell which to commit.
func earlier(folder, mark string) (ours, others []string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	for _, e := range entries {
		if !numbered.MatchString(e.Name()) {
			continue
		}
		content, err := os.ReadFile(filepath.Join(folder, e.Name()))
		switch {
		case err != nil:
			return nil, nil, err
		case strings.HasPrefix(string(content), mark):
			ours = append(ours, e.Name())
		default:
			others = append(others, e.Name())
		}
	}
	return ours, others, nil
}

// write writes a way's patches into a folder, in place of those of before.
func write(folder, mark string, files map[string]string) error {
	ours, others, err := earlier(folder, mark)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		return fmt.Errorf("%s holds patches of another run, or of the other way: %s: take them away, or name another folder; nothing was written", folder, some(others))
	}
	for _, name := range ours {
		if err := os.Remove(filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	if len(files) == 0 {
		return nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// some are the first of many names.
func some(names []string) string {
	if len(names) > 4 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:4], ", "), len(names)-4)
	}
	return strings.Join(names, ", ")
}

// commits writes the patches of a plan into a folder, and says so; "" is none.
func (a *app) commits(p plan.Plan, folder string) error {
	if folder == "" {
		return nil
	}
	files := patches(p)
	if err := write(folder, mark(p.Target), files); err != nil {
		return fmt.Errorf("write patches for committing: %w", err)
	}
	fmt.Fprintf(a.Err, "%s for committing: %d, in %s\n", map[bool]string{false: "patches of the way forth", true: "patches of the way back"}[p.Target.Back], len(files), folder)
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
