// SPDX-License-Identifier: Apache-2.0

package real

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/lab/internal/state"
)

var update = flag.Bool("update", false, "update the golden files")

func TestComponents(t *testing.T) {
	got := Components(state.Lab{
		Name: "lab", Size: state.Real, Dir: "/cache/lab/lab", Cache: "/cache", APIPort: 40001,
		Parts: map[string]string{"kube": "/cache/parts/kube/kube", "images-1.29.1": "/cache/parts/images/images.tar"},
	}).String()
	golden := filepath.Join("testdata", "components.golden")
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
