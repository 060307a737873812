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
	"github.com/rerig/rerig/internal/step"
)

func patchesFlag(cmd *cobra.Command, folder *string) {
	cmd.Flags().StringVar(folder, "patches", "", "write the labels that GitOps tools manage as patches into this `DIR`, to be committed")
}

// writePatches writes the patches of a plan into a folder, and reports that. It
// does nothing if the folder is "".
func (a *app) writePatches(p plan.Plan, folder string) error {
	if folder == "" {
		return nil
	}
	files := patches(p)
	if err := replacePatches(folder, p.Target, files); err != nil {
		return fmt.Errorf("write patches to commit: %w", err)
	}
	fmt.Fprintf(a.Err, "%s patches to commit: %d, in %s\n", direction(p.Target), len(files), folder)
	return nil
}

func direction(t step.Target) string {
	if t.Rollback {
		return "rollback"
	}
	return "upgrade"
}

// patches returns the labels of a plan that a GitOps tool manages, by file name: for each
// namespace, and each template, a strategic merge patch that says when to commit it.
func patches(p plan.Plan) map[string]string {
	files := map[string]string{}
	for _, s := range step.Changing(p.Stages) {
		name, text := string(s.Subject), ""
		switch {
		case s.By == "":
		case s.Kind.SubjectType() == step.NamespaceSubject:
			text = patchText(p.Target, s)
		case s.Kind == step.Swap:
			name, text = strings.ToLower(strings.NewReplacer(" ", "-", "/", "-").Replace(name)), templatePatch(p.Target, s)
		}
		if text != "" {
			files[fmt.Sprintf("%02d-%s-%s.yaml", len(files)+1, s.Kind, name)] = patchMark(p.Target) + text
		}
	}
	return files
}

// patchTime says when to commit the patch of a step.
func patchTime(t step.Target, s step.Step) string {
	switch {
	case s.Wave > 0:
		return fmt.Sprintf("in wave %d", s.Wave)
	case plan.FollowsWaves(t, s.Kind):
		return "after the last wave"
	}
	return "before the first wave"
}

// patchMark is the first line of a patch. What is left of a run is numbered again
// each time, and replaces the files of the same run and direction.
func patchMark(t step.Target) string {
	return fmt.Sprintf("# Run %s, %s.\n", t.Run, direction(t))
}

// formerMark is the first line that version 0.1 wrote.
func formerMark(t step.Target) string {
	if t.Rollback {
		return fmt.Sprintf("# Run %s, the way back.\n", t.Run)
	}
	return fmt.Sprintf("# Run %s, the way forth.\n", t.Run)
}

// patchName matches the names of such files.
var patchName = regexp.MustCompile(`^[0-9]{2,}-(label|pin|restore-label|swap|unpin)-.+\.yaml$`)

// findPatches returns the patches that a folder holds: those of a target's run and
// direction, and the others.
func findPatches(folder string, t step.Target) (own, others []string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	for _, e := range entries {
		if !patchName.MatchString(e.Name()) {
			continue
		}
		content, err := os.ReadFile(filepath.Join(folder, e.Name()))
		switch {
		case err != nil:
			return nil, nil, err
		case strings.HasPrefix(string(content), patchMark(t)), strings.HasPrefix(string(content), formerMark(t)):
			own = append(own, e.Name())
		default:
			others = append(others, e.Name())
		}
	}
	return own, others, nil
}

// replacePatches writes patches into a folder, in place of those of the
// same run and direction. It refuses a folder that holds others: nobody could tell which to commit.
func replacePatches(folder string, t step.Target, files map[string]string) error {
	own, others, err := findPatches(folder, t)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		return fmt.Errorf("%s holds patches of another run, or of the other direction: %s: "+
			"remove them, or use another folder; nothing was written",
			folder, firstNames(others))
	}
	for _, name := range own {
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

// firstNames joins names, at most four of them.
func firstNames(names []string) string {
	if len(names) > 4 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:4], ", "), len(names)-4)
	}
	return strings.Join(names, ", ")
}

func patchText(t step.Target, s step.Step) string {
	from, errFrom := mesh.ParseBinding(s.From)
	to, errTo := mesh.ParseBinding(s.To)
	if errFrom != nil || errTo != nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Namespace %s, managed by %s: %s -> %s.\n", s.Subject, s.By, s.From, s.To)
	fmt.Fprintf(&b, "# Commit it %s, once the run waits for it.\n", patchTime(t, s))
	fmt.Fprintf(&b, "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: %s\n  labels:\n", s.Subject)
	writeLabel(&b, mesh.InjectionLabel, from.Injection, to.Injection)
	writeLabel(&b, mesh.RevisionLabel, from.Revision, to.Revision)
	return b.String()
}

// templatePatch returns the patch of a Deployment's template. Committed before its rollout is
// held, it would replace all pods at once.
func templatePatch(t step.Target, s step.Step) string {
	wl := s.Workload()
	label := fmt.Sprintf("%q", s.TemplateLabel)
	if s.TemplateLabel == step.NoLabel {
		label = "null"
	}
	return fmt.Sprintf(`# %s, managed by %s: the label %s of its template.
# Commit it %s, once the run waits for it: its rollout is held then. Before that it would replace all pods at once.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: %s
  namespace: %s
spec:
  template:
    metadata:
      labels:
        %s: %s
`, s.Subject, s.By, mesh.RevisionLabel, patchTime(t, s), wl.Name(), wl.Namespace(), mesh.RevisionLabel, label)
}

// writeLabel writes a label that changes; null removes it.
func writeLabel(b *strings.Builder, key string, from, to mesh.Label) {
	switch {
	case to.Set:
		fmt.Fprintf(b, "    %s: %q\n", key, to.Value)
	case from.Set:
		fmt.Fprintf(b, "    %s: null\n", key)
	}
}
