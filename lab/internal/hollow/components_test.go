// SPDX-License-Identifier: Apache-2.0

package hollow

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/lab/internal/pki"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestRecipe(t *testing.T) {
	b := Boot{
		Dir: "/lab", Kube: "/parts/kube", Kwok: "/parts/kwok", Keys: pki.At("/lab/pki"), Kubeconfig: "/lab/kubeconfig",
		API: 20001, Etcd: 20002, EtcdPeer: 20003, KwokPort: 20004, Nodes: 3,
	}
	got := b.Recipe().String()
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
		t.Errorf("the boot has changed (-update writes it anew): -want +got\n%s", d)
	}
}
