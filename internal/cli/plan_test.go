// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"
)

// A person who may not install sees the plan, and which permissions are missing.
func TestPlanNamesMissingInstallPermissions(t *testing.T) {
	p := shop()
	p.lacksToInstall = []string{"create services in istio-system", "patch services in istio-system"}
	const lacks = "you may not create services in istio-system, patch services in istio-system: " +
		"whoever runs the upgrade needs these permissions"
	for _, output := range []string{"text", "json"} {
		code, out, err := runOn(p, "plan --to 1-31-0 --operator testdata/operator.yaml -o "+output)
		if code != exitDone || !strings.Contains(strings.Join(strings.Fields(out), " "), lacks) {
			t.Errorf("got exit code %d, want %d and %q: %s\n%s", code, exitDone, lacks, err, out)
		}
	}
	addControlPlane(&p.world, "1-31-0", "1.31.0")
	p.world.Sort()
	if code, out, err := runOn(p, "plan --to 1-31-0"); code != exitDone || strings.Contains(out, "you may not") {
		t.Errorf("without an install: got exit code %d, want %d and no missing permission: %s\n%s", code, exitDone, err, out)
	}
}
