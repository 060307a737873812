// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"github.com/rerig/rerig/internal/mesh"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"testing"
)

// BenchmarkWorkloads assigns two pods each to 20 000 Deployments.
func BenchmarkWorkloads(b *testing.B) {
	r := readings{
		namespaces: []mesh.Namespace{{Name: "shop", Labels: map[string]string{"istio.io/rev": "r"}}},
		owners:     ownerChain{},
		newest:     newestTemplates{},
	}
	for n := range 20_000 {
		uid := fmt.Sprint(n)
		r.deployments = append(r.deployments, deployed("shop", "d-"+uid, uid, nil))
		r.owners.add(&metav1.ObjectMeta{UID: types.UID("rs-" + uid), Namespace: "shop", OwnerReferences: owns("Deployment", "d-"+uid, uid)})
		for i := range 2 {
			raw := podWithProxy("shop", fmt.Sprintf("d-%d-%d", n, i), owns("ReplicaSet", "d-"+uid, "rs-"+uid), false)
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
