// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// restartAnnotations are set by a restart on a pod template.
var restartAnnotations = []string{"rerig.dev/run", "rerig.dev/restarted-at"}

// withoutRestarts returns the snapshot without the restart annotations of templates.
func (s snapshot) withoutRestarts(t *testing.T) snapshot {
	t.Helper()
	out := snapshot{}
	for name, value := range s {
		if strings.HasSuffix(name, " spec.template") {
			value = withoutAnnotations(t, value)
		}
		out[name] = value
	}
	return out
}

func withoutAnnotations(t *testing.T, template string) string {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal([]byte(template), &o); err != nil {
		t.Fatalf("read a template: %v", err)
	}
	metadata, _ := o["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	for _, key := range restartAnnotations {
		delete(annotations, key)
	}
	if len(annotations) == 0 {
		delete(metadata, "annotations")
	}
	b, err := json.Marshal(o)
	if err != nil {
		t.Fatalf("write a template: %v", err)
	}
	return string(b)
}

// fieldPath splits a field's name at its dots.
func fieldPath(field string) []string { return strings.Split(field, ".") }

// TestHarnessIgnoresRestartAnnotations shows that withoutRestarts ignores the restart
// annotations alone.
func TestHarnessIgnoresRestartAnnotations(t *testing.T) {
	before := snapshot{"deployments a/b spec.template": `{"metadata":{"annotations":{"x":"1"}},"spec":{"n":1}}`}
	for _, c := range []struct {
		name, now string
		same      bool
	}{
		{"restart annotations", `{"metadata":{"annotations":{"rerig.dev/restarted-at":"t","rerig.dev/run":"r","x":"1"}},"spec":{"n":1}}`, true},
		{"another annotation of rerig", `{"metadata":{"annotations":{"rerig.dev/other":"t","x":"1"}},"spec":{"n":1}}`, false},
		{"another value", `{"metadata":{"annotations":{"x":"2"}},"spec":{"n":1}}`, false},
		{"another spec", `{"metadata":{"annotations":{"x":"1"}},"spec":{"n":2}}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := snapshot{"deployments a/b spec.template": c.now}
			if got := cmp.Diff(before, now.withoutRestarts(t)) == ""; got != c.same {
				t.Errorf("got same %t, want %t", got, c.same)
			}
		})
	}
}
