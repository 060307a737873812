// SPDX-License-Identifier: Apache-2.0

package rollouts

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestRecipe(t *testing.T) {
	got := Controller{Place: "/parts/argo", Kube: "/parts/kube", Kubeconfig: "/lab/kubeconfig", Dir: "/lab", Health: 20005, Metrics: 20006}.Recipe().String()
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
		t.Errorf("the recipe has changed (-update writes it anew): -want +got\n%s", d)
	}
}
