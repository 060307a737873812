// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"bytes"
	"fmt"
	"testing"
)

// BenchmarkSyncz reads one istiod's answer for 10 000 proxies.
func BenchmarkSyncz(b *testing.B) {
	var text bytes.Buffer
	text.WriteByte('[')
	for n := range 10_000 {
		if n > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, `{"cluster_id":"Kubernetes","proxy":"web-%d.shop","proxy_type":"sidecar","istio_version":"1.31.0","resources":{`, n)
		for i, kind := range []string{
			"envoy.config.cluster.v3.Cluster", "envoy.config.listener.v3.Listener", "envoy.config.route.v3.RouteConfiguration",
			"envoy.config.endpoint.v3.ClusterLoadAssignment", "istio.networking.nds.v1.NameTable", "istio.mesh.v1alpha1.ProxyConfig"} {
			if i > 0 {
				text.WriteByte(',')
			}
			fmt.Fprintf(&text, `"type.googleapis.com/%s":{"sent":"%d/1","acked":"%d/1","sentTime":"2026-11-24T11:00:00.000000001Z"}`, kind, n, n)
		}
		text.WriteString("}}")
	}
	text.WriteByte(']')
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		if got, err := readSyncz(bytes.NewReader(text.Bytes()), "istiod", "r"); err != nil || len(got) != 10_000 {
			b.Fatal(len(got), err)
		}
	}
}
