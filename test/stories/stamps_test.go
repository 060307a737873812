// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// stamps are the annotations that a restart leaves on a pod template.
var stamps = []string{"rerig.dev/run", "rerig.dev/restarted-at"}

// withoutStamps takes the restart stamps out of the templates: all else has to
// be as it was, byte for byte.
func (s snapshot) withoutStamps(t *testing.T) snapshot {
	t.Helper()
	out := snapshot{}
	for name, value := range s {
		if strings.HasSuffix(name, " spec.template") {
			value = unstamped(t, value)
		}
		out[name] = value
	}
	return out
}

func unstamped(t *testing.T, template string) string {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal([]byte(template), &o); err != nil {
		t.Fatalf("read a template: %v", err)
	}
	metadata, _ := o["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	for _, key := range stamps {
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

// path splits a field's name; none that is used here has a dot in it.
func path(field string) []string { return strings.Split(field, ".") }

// TestUnstamped shows that nothing but the stamps is overlooked.
func TestUnstamped(t *testing.T) {
	before := snapshot{"deployments a/b spec.template": `{"metadata":{"annotations":{"x":"1"}},"spec":{"n":1}}`}
	cases := []struct {
		now  string
		same bool
	}{
		{`{"metadata":{"annotations":{"rerig.dev/restarted-at":"t","rerig.dev/run":"r","x":"1"}},"spec":{"n":1}}`, true},
		{`{"metadata":{"annotations":{"rerig.dev/other":"t","x":"1"}},"spec":{"n":1}}`, false},
		{`{"metadata":{"annotations":{"x":"2"}},"spec":{"n":1}}`, false},
		{`{"metadata":{"annotations":{"x":"1"}},"spec":{"n":2}}`, false},
	}
	for _, c := range cases {
		now := snapshot{"deployments a/b spec.template": c.now}
		if same := cmp.Diff(before, now.withoutStamps(t)) == ""; same != c.same {
			t.Errorf("%s: same is %t, want %t", c.now, same, c.same)
		}
	}
}
