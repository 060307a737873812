// SPDX-License-Identifier: Apache-2.0

package hollow

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/lab/internal/pki"
)

var update = flag.Bool("update", false, "update the golden files")

func TestComponents(t *testing.T) {
	config := Config{
		Dir: "/lab", KubeBinary: "/parts/kube", KwokBinary: "/parts/kwok", Keys: pki.Paths("/lab/pki"), Kubeconfig: "/lab/kubeconfig",
		APIPort: 20001, EtcdPort: 20002, EtcdPeerPort: 20003, KwokPort: 20004, NodeCount: 3,
	}
	got := config.Components().String()
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
