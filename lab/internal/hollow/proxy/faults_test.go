// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseFaults(t *testing.T) {
	for _, c := range []struct {
		name           string
		pod, namespace map[string]string
		want           Faults
	}{
		{name: "none"},
		{name: "one type", pod: map[string]string{RejectAnnotation: "lds"}, want: Faults{RejectedTypes: []string{"lds"}}},
		{name: "same revision", pod: map[string]string{RejectAnnotation: "lds@1-31-0"}, want: Faults{RejectedTypes: []string{"lds"}}},
		{name: "another revision", pod: map[string]string{RejectAnnotation: "lds@1-29-1"}},
		{
			name: "list on pod and namespace", pod: map[string]string{RejectAnnotation: "rds, cds"},
			namespace: map[string]string{RejectAnnotation: "cds,eds@1-29-1"}, want: Faults{RejectedTypes: []string{"cds", "rds"}},
		},
		{name: "disconnected", namespace: map[string]string{DisconnectedAnnotation: "true@1-31-0"}, want: Faults{Disconnected: true}},
		{name: "disconnected at another revision", namespace: map[string]string{DisconnectedAnnotation: "true@1-29-1"}},
		{name: "not disconnected", pod: map[string]string{DisconnectedAnnotation: "false"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ParseFaults("1-31-0", c.pod, c.namespace)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if !got.Equal(c.want) {
				t.Errorf("Equal: got false for %v and %v, want true", got, c.want)
			}
		})
	}
}
