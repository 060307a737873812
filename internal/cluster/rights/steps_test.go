// SPDX-License-Identifier: Apache-2.0

package rights

import (
	"slices"
	"testing"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/step"
)

func TestForSteps(t *testing.T) {
	const root = "istio-system"
	for _, tc := range []struct {
		name  string
		steps []step.Step
		want  []Right
	}{
		{"of every run", []step.Step{{Kind: step.Label}, {Kind: step.Restart}, {Kind: step.Verify}}, nil},
		{"a swap", []step.Step{{Kind: step.Swap}, {Kind: step.DeleteParked}}, swapping},
		{"a tag", []step.Step{{Kind: step.Tag, Subject: "prod"}}, moveTag(root, "prod")},
		{"the default and a tag", []step.Step{{Kind: step.Tag, Subject: "default"}, {Kind: step.Tag, Subject: "prod"}}, moveTag(root, "default")},
		{"a removal", []step.Step{{Kind: step.Remove}, {Kind: step.DryRun}}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := ForSteps(tc.steps, root); !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// Each kind has one entry, with rights unless the step needs none or its installer
// has its own.
func TestTableEntries(t *testing.T) {
	seen := map[step.Kind]bool{}
	for _, e := range Table {
		if seen[e.Kind] {
			t.Errorf("%s has two entries", e.Kind)
		}
		seen[e.Kind] = true
		if none := e.When == Installer || e.When == NoOther; none != (e.Rights == nil) {
			t.Errorf("%s: got rights %v, for %s", e.Kind, e.Rights != nil, e.When)
		}
	}
	for _, k := range engine.Handled() {
		if !seen[k] {
			t.Errorf("%s has no entry", k)
		}
		delete(seen, k)
	}
	for k := range seen {
		t.Errorf("%s has an entry and no handler", k)
	}
}
