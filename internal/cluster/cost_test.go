// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/mesh"
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
		for i, kind := range []string{"envoy.config.cluster.v3.Cluster", "envoy.config.listener.v3.Listener", "envoy.config.route.v3.RouteConfiguration",
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

// BenchmarkWorkloads joins 20 000 Deployments with two pods each.
func BenchmarkWorkloads(b *testing.B) {
	r := readings{namespaces: []mesh.Namespace{{Name: "shop", Labels: map[string]string{"istio.io/rev": "r"}}}, links: chain{}, generations: generations{}}
	for n := range 20_000 {
		uid := fmt.Sprint(n)
		r.deployments = append(r.deployments, deployed("shop", "d-"+uid, uid, nil))
		r.links.note(&metav1.ObjectMeta{UID: types.UID("rs-" + uid), Namespace: "shop", OwnerReferences: owns("Deployment", "d-"+uid, uid)})
		for i := range 2 {
			raw := carrying("shop", fmt.Sprintf("d-%d-%d", n, i), owns("ReplicaSet", "d-"+uid, "rs-"+uid), false)
			p, _ := podOf(&raw)
			r.pods = append(r.pods, p)
		}
	}
	for b.Loop() {
		if got := r.workloads(); len(got) != 20_000 {
			b.Fatal(len(got))
		}
	}
}
