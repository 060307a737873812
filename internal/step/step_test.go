// SPDX-License-Identifier: Apache-2.0

package step

import (
	"encoding/json"
	"testing"
)

// TestRecordedStepsOfEarlierVersionsAreRead reads what 0.1.0 and versions before it wrote.
func TestRecordedStepsOfEarlierVersionsAreRead(t *testing.T) {
	cases := []struct {
		name, recorded string
		want           Step
	}{
		{
			name:     "saved copies",
			recorded: `{"kind":"install","subject":"1-29-1","from":"what was kept of it"}`,
			want:     Step{Kind: Install, Subject: "1-29-1", From: SavedCopies},
		},
		{
			name:     "replacements",
			recorded: `{"kind":"swap","subject":"Deployment shop/cart","from":"stand-ins","to":"1-29-1"}`,
			want:     Step{Kind: Swap, Subject: "Deployment shop/cart", From: Replacements, To: "1-29-1"},
		},
		{
			name:     "template label",
			recorded: `{"kind":"label-template","subject":"Deployment shop/cart","to":"1-29-1","pin":"1-29-1"}`,
			want:     Step{Kind: LabelTemplate, Subject: "Deployment shop/cart", To: "1-29-1", TemplateLabel: "1-29-1"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got Step
			if err := json.Unmarshal([]byte(c.recorded), &got); err != nil || got != c.want {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}
