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
		{name: "of this revision", pod: map[string]string{RejectAnnotation: "lds@1-31-0"}, want: Faults{RejectedTypes: []string{"lds"}}},
		{name: "of another revision", pod: map[string]string{RejectAnnotation: "lds@1-29-1"}},
		{name: "a list, and the namespace's", pod: map[string]string{RejectAnnotation: "rds, cds"},
			namespace: map[string]string{RejectAnnotation: "cds,eds@1-29-1"}, want: Faults{RejectedTypes: []string{"cds", "rds"}}},
		{name: "disconnected", namespace: map[string]string{DisconnectedAnnotation: "true@1-31-0"}, want: Faults{Disconnected: true}},
		{name: "disconnected elsewhere", namespace: map[string]string{DisconnectedAnnotation: "true@1-29-1"}},
		{name: "not disconnected", pod: map[string]string{DisconnectedAnnotation: "false"}},
	} {
		got := ParseFaults("1-31-0", c.pod, c.namespace)
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: -want +got\n%s", c.name, d)
		}
		if !got.Equal(c.want) {
			t.Errorf("%s: Equal says that they differ", c.name)
		}
	}
}
