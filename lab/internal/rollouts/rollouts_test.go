// SPDX-License-Identifier: Apache-2.0

package rollouts

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "update the golden files")

func TestComponents(t *testing.T) {
	c := Controller{
		PartDir: "/parts/argo", KubeBinary: "/parts/kube", Kubeconfig: "/lab/kubeconfig", LabDir: "/lab",
		HealthPort: 20005, MetricsPort: 20006,
	}
	got := c.Components().String()
	const golden = "testdata/components.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("components differ; -update accepts them (-want +got):\n%s", d)
	}
}
