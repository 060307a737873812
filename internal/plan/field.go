// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

// restartByField writes the time into a field that makes the workload's
// controller replace its pods, or the label of its template where that does. The
// run's stamp is written into the object's own annotations with it: by that it is
// seen later.
func restartByField(s Step, run string, at time.Time) (Change, error) {
	kind, name, ok := strings.Cut(s.Subject, " ")
	namespace, name, ok2 := strings.Cut(name, "/")
	if !ok || !ok2 {
		return Change{}, fault(s, "%q is no workload", s.Subject)
	}
	when := at.UTC().Format(time.RFC3339)
	body := map[string]any{"metadata": map[string]any{"annotations": map[string]any{runAnnotation: run, restartedAnnotation: when}}}
	if s.Field != "" {
		path, err := ParseField(s.Field)
		if err != nil {
			return Change{}, fmt.Errorf("render %s: %w", s, err)
		}
		put(body, when, path...)
	}
	if s.Pin != "" {
		put(body, pin(s.Pin), "spec", "template", "metadata", "labels", mesh.RevisionLabel)
	}
	c, err := merge(kind, namespace, name, "", body)
	c.API = s.API
	return c, err
}

// put sets one field of a patch.
func put(body map[string]any, value any, path ...string) {
	for _, key := range path[:len(path)-1] {
		next, there := body[key].(map[string]any)
		if !there {
			next = map[string]any{}
			body[key] = next
		}
		body = next
	}
	body[path[len(path)-1]] = value
}

// Writable refuses a field that cannot be read as a path, or that is not for a
// time: of Kubernetes' own kinds there is none but annotations of the template,
// which their controllers go by.
func Writable(kind mesh.Kind, field string) error {
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
