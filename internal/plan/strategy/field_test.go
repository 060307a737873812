// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"slices"
	"testing"
)

func TestParseField(t *testing.T) {
	for _, tc := range []struct {
		text string
		want []string
	}{
		{"spec.restartAt", []string{"spec", "restartAt"}},
		{"spec.template.metadata.annotations[a.b/c].d", []string{"spec", "template", "metadata", "annotations", "a.b/c", "d"}},
		{"spec.template.metadata.annotations[a.b/c-d_e1]", []string{"spec", "template", "metadata", "annotations", "a.b/c-d_e1"}},
	} {
		if got, err := parseField(tc.text); err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("field %s: got %v, %v, want %v", tc.text, got, err, tc.want)
		}
	}
	for _, text := range []string{"", "spec", "status.at", "metadata.annotations[x]", "spec..at", "spec.containers[0].at", "spec[]"} {
		if got, err := parseField(text); err == nil {
			t.Errorf("field %q: got %v, want an error", text, got)
		}
	}
}
