// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"testing"
)

// A record has two digests of each workload's template. With 5000 workloads it must stay
// far below the 1.5 MiB that etcd accepts, base64 included.
func TestRecordOfLargeMeshFits(t *testing.T) {
	l := step.Ledger{Baseline: step.Baseline{Sidecars: map[mesh.WorkloadRef]string{}}, Passed: map[step.VerdictKey]step.Pass{}}
	for i := range 5000 {
		before := mesh.Workload{Kind: mesh.Deployment, Namespace: fmt.Sprintf("team-%d", i/20), Name: fmt.Sprintf("service-%d", i)}
		before.Template.Hash = hashOf(templateWithMark(fmt.Sprint(i)))
		after := before
		after.Template.Hash = hashOf(templateWithMark(fmt.Sprint(i, " restarted")))
		l.Baseline.Sidecars[before.Ref()] = "1-29-1"
		l.Approved = append(l.Approved, step.Step{Kind: step.Restart, Wave: 1, Subject: step.Subject(before.Ref()), From: "1-29-1", To: "1-31-0"})
		l.NoteRestart(before, "1-31-0")
		l.Passed[step.VerifyKey(mesh.World{}, after, "1-31-0")] = step.Pass{
			Evidence: "3 of 3 pods run; all carry 1-31-0; served by istiod-1-31-0; everything acknowledged; " +
				after.Name + " holds spiffe://cluster.local/ns/" + after.Namespace,
		}
	}
	packed, err := client.Pack(l)
	if err != nil {
		t.Fatal(err)
	}
	if stored := len(packed) * 4 / 3; stored > 400_000 {
		t.Errorf("a ledger of 5000 workloads takes %d bytes", stored)
	} else {
		t.Logf("a ledger of 5000 workloads takes %d bytes", stored)
	}
}

func templateWithMark(mark string) *corev1.PodTemplateSpec {
	return &corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"mark": mark}}}
}
