// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"
)

// A plan may be made by somebody who may not install: what is missing is named.
func TestThePlanNamesWhatTheInstallLacks(t *testing.T) {
	p := shop()
	p.lacksToInstall = []string{"create services in istio-system", "patch services in istio-system"}
	const lacks = "you may not create services in istio-system, patch services in istio-system: whoever runs the upgrade needs these permissions"
	for _, output := range []string{"text", "json"} {
		code, out, err := on(p, "plan --to 1-31-0 --operator testdata/operator.yaml -o "+output)
		if code != exitDone || !strings.Contains(strings.Join(strings.Fields(out), " "), lacks) {
			t.Errorf("exit code %d: %s\n%s", code, err, out)
		}
	}
	addPlane(&p.world, "1-31-0", "1.31.0")
	p.world.Sort()
	if code, out, err := on(p, "plan --to 1-31-0"); code != exitDone || strings.Contains(out, "you may not") {
		t.Errorf("nothing is installed, and something is missing: exit code %d %s\n%s", code, err, out)
	}
}
