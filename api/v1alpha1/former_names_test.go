// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFormerFieldNamesAreRead(t *testing.T) {
	for _, c := range []struct {
		name, spec, want string
		err              string
	}{
		{name: "of version 0.1",
			spec: `{"revision":"r","way":"swap","workloads":[{"name":"a","way":"evict"},{"name":"b","way":"field","field":"spec.at"}],` +
				`"helm":{"chart":"c","carry":"none","carried":{"from":"x","values":{"a":1}}}}`,
			want: `{"revision":"r","helm":{"chart":"c","inherit":"none","inherited":{"from":"x","values":{"a":1}}},"strategy":"swap",` +
				`"workloads":[{"name":"a","strategy":"evict"},{"name":"b","strategy":"field","field":"spec.at"}]}`},
		{name: "of today",
			spec: `{"revision":"r","strategy":"swap","helm":{"chart":"c","inherit":"old"}}`,
			want: `{"revision":"r","helm":{"chart":"c","inherit":"old"},"strategy":"swap"}`},
		{name: "both, alike",
			spec: `{"revision":"r","strategy":"swap","way":"swap"}`,
			want: `{"revision":"r","strategy":"swap"}`},
		{name: "both, different",
			spec: `{"revision":"r","strategy":"restart","way":"swap"}`,
			want: `{"revision":"r","strategy":"restart"}`,
			err:  "set only spec.strategy"},
		{name: "both, different, in a rule",
			spec: `{"revision":"r","workloads":[{"strategy":"leave","way":"swap"}]}`,
			want: `{"revision":"r","workloads":[{"strategy":"leave"}]}`,
			err:  "set only spec.workloads[0].strategy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s MeshUpgradeSpec
			if err := json.Unmarshal([]byte(c.spec), &s); err != nil {
				t.Fatal(err)
			}
			err := s.UseCurrentNames()
			if (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("got error %v, want %q", err, c.err)
			}
			got, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Errorf("spec (-want +got):\n%s", diff)
			}
		})
	}
}
