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

// RenderFieldRestart writes the time into a field that makes the workload's
// controller replace its pods, or the label of its template where that does. The
// run's stamp is written into the object's own annotations with it: by that it is
// seen later.
func RenderFieldRestart(s step.Step, run string, at time.Time) (step.Change, error) {
	wl, err := mesh.ParseWorkloadRef(string(s.Subject))
	if err != nil {
		return step.Change{}, step.NewFault(s, "%s", err)
	}
	when := at.UTC().Format(time.RFC3339)
	body := map[string]any{"metadata": map[string]any{"annotations": map[string]any{step.RunAnnotation: run, step.RestartedAnnotation: when}}}
	if s.Field != "" {
		path, err := ParseField(s.Field)
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

// ValidateField refuses a field that cannot be read as a path, or that is not for a
// time: of Kubernetes' own kinds there is none but annotations of the template,
// which their controllers go by.
func ValidateField(kind mesh.Kind, field string) error {
	path, err := ParseField(field)
	if err != nil || !slices.Contains([]mesh.Kind{mesh.Deployment, mesh.StatefulSet, mesh.DaemonSet, mesh.ReplicaSet, mesh.ReplicationController}, kind) {
		return err
	}
	if len(path) != 5 || !slices.Equal(path[:4], []string{"spec", "template", "metadata", "annotations"}) {
		return fmt.Errorf("read the field %q: a %s takes a time in an annotation of its template alone, such as spec.template.metadata.annotations[example.org/restarted-at]; restart does that by itself", field, kind)
	}
	return nil
}

// ParseField reads the path of a field: names with dots between them, and in
// brackets those that hold dots themselves, such as
// spec.template.metadata.annotations[example.org/restarted-at]. It begins in the
// spec, and names no element of a list, which a merge patch could not write alone.
func ParseField(text string) ([]string, error) {
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
		return nil, fmt.Errorf("read the field %q: it is no path that begins with spec., such as spec.restartAt", text)
	case strings.Contains("."+strings.Join(path, ".")+".", ".."):
		return nil, fmt.Errorf("read the field %q: a name in it is empty", text)
	}
	for _, name := range path {
		if strings.Trim(name, "0123456789") == "" {
			return nil, fmt.Errorf("read the field %q: %s is an element of a list, which cannot be written alone", text, name)
		}
	}
	return path, nil
}
