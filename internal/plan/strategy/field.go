// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

// RenderFieldRestart renders a write of the time into a field that makes the workload's
// controller replace its pods, and of the template label. The restart annotation goes to
// the object's own annotations: later observations recognise the restart by it.
func RenderFieldRestart(s step.Step, run string, at time.Time) (step.Change, error) {
	wl, err := mesh.ParseWorkloadRef(string(s.Subject))
	if err != nil {
		return step.Change{}, step.NewFault(s, "%s", err)
	}
	when := at.UTC().Format(time.RFC3339)
	annotations := map[string]any{step.RunAnnotation: run, step.RestartedAnnotation: when}
	body := map[string]any{"metadata": map[string]any{"annotations": annotations}}
	if s.Field != "" {
		path, err := parseField(s.Field)
		if err != nil {
			return step.Change{}, fmt.Errorf("render %s: %w", s, err)
		}
		step.SetField(body, when, path...)
	}
	if s.TemplateLabel != "" {
		step.SetField(body, binding.PatchValue(s.TemplateLabel), "spec", "template", "metadata", "labels", mesh.RevisionLabel)
	}
	c, err := step.MergePatch(string(wl.Kind()), wl.Namespace(), wl.Name(), "", body)
	c.API = s.API
	return c, err
}

// rolledKinds are Kubernetes' kinds with a pod template.
var rolledKinds = []mesh.Kind{mesh.Deployment, mesh.StatefulSet, mesh.DaemonSet, mesh.ReplicaSet, mesh.ReplicationController}

// ValidateField rejects a field that is no path, or that does not hold a time. Of
// Kubernetes' own kinds only annotations of the template do.
func ValidateField(kind mesh.Kind, field string) error {
	path, err := parseField(field)
	if err != nil || !slices.Contains(rolledKinds, kind) {
		return err
	}
	if len(path) != 5 || !slices.Equal(path[:4], []string{"spec", "template", "metadata", "annotations"}) {
		return fmt.Errorf("read the field %q: a %s takes a time only in an annotation of its template, such as "+
			"spec.template.metadata.annotations[example.org/restarted-at]; the strategy restart writes one", field, kind)
	}
	return nil
}

// parseField reads the path of a field: names separated by dots, and in brackets those
// that contain dots, such as spec.template.metadata.annotations[example.org/restarted-at].
// It begins with spec, and names no element of a list: a merge patch cannot write one.
func parseField(text string) ([]string, error) {
	var path []string
	for rest := text; rest != ""; {
		if inside, after, ok := strings.Cut(strings.TrimPrefix(rest, "["), "]"); ok && strings.HasPrefix(rest, "[") {
			path, rest = append(path, inside), strings.TrimPrefix(after, ".")
			continue
		}
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			end = len(rest)
		}
		path, rest = append(path, rest[:end]), strings.TrimPrefix(rest[end:], ".")
	}
	switch {
	case len(path) < 2 || path[0] != "spec":
		return nil, fmt.Errorf("read the field %q: a path begins with spec., such as spec.restartAt", text)
	case strings.Contains("."+strings.Join(path, ".")+".", ".."):
		return nil, fmt.Errorf("read the field %q: a name in it is empty", text)
	}
	for _, name := range path {
		if strings.Trim(name, "0123456789") == "" {
			return nil, fmt.Errorf("read the field %q: %s is an element of a list, which a merge patch cannot write", text, name)
		}
	}
	return path, nil
}
