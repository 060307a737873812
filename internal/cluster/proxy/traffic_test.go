// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
)

func TestTraffic(t *testing.T) {
	const idle = "inbound|8080||::observability_name::inbound|8080||;\ninbound|8080||::added_via_api::true\n" +
		"outbound|80||x::10.0.0.9:80::rq_active::7\n"
	const host = "inbound|8080||::10.0.0.1:8080::rq_active::%\ninbound|8080||::10.0.0.1:8080::rq_total::493\n"
	for _, tc := range []struct {
		name             string
		clusters, gauges string
		want             mesh.Traffic
	}{
		{"idle", idle, "", mesh.Traffic{Idle: true, Evidence: "no active request in 1 inbound clusters, 0 requests in total"}},
		{
			"was used", idle + replace(host, "0"), "",
			mesh.Traffic{Idle: true, Total: 493, Evidence: "no active request in 1 inbound clusters, 493 requests in total"},
		},
		{"busy", idle + replace(host, "2"), "", mesh.Traffic{Total: 493, Evidence: "2 active requests at inbound|8080||"}},
		{
			"there twice", idle + replace(host, "0") + replace(host, "0"), "",
			mesh.Traffic{Idle: true, Total: 986, Evidence: "no active request in 1 inbound clusters, 986 requests in total"},
		},
		{
			"twice, busy", idle + replace(host, "0") + replace(host, "1"), "",
			mesh.Traffic{Total: 986, Evidence: "1 active requests at inbound|8080||"},
		},
		{
			"by its gauge", idle, "cluster.inbound|8080||;.upstream_rq_active: 1\n",
			mesh.Traffic{Evidence: "1 active requests at cluster.inbound|8080||;.upstream_rq_active"},
		},
		{
			"says nothing", "outbound|80||x::10.0.0.9:80::rq_active::7\n", "",
			mesh.Traffic{Evidence: "its proxy has no inbound cluster, so its traffic is not known"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var seen inbound
			if err := errors.Join(seen.readClusters(reader(tc.clusters)), seen.readGauges(reader(tc.gauges))); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, seen.traffic()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func replace(text, n string) string { return strings.ReplaceAll(text, "%", n) }

func reader(text string) io.Reader { return strings.NewReader(text) }
