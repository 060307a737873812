// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/install"
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

// A plan names what an install creates outside of the control plane, and what leads to another revision.
func TestPlanNamesObjectsOutsideTheControlPlane(t *testing.T) {
	p := shop()
	p.created = []install.Object{
		{Kind: "DaemonSet", Namespace: "istio-system", Name: "ztunnel", Pods: "runs a pod on each node that it selects"},
	}
	p.references = []install.Reference{{
		Object:   install.Object{Kind: "HorizontalPodAutoscaler", Namespace: "istio-system", Name: "istiod-1-31-0"},
		Field:    "spec.scaleTargetRef.name: istiod-1-29-1",
		Revision: "1-29-1",
	}}
	code, out, err := runOn(p, "plan --to 1-31-0 --operator testdata/operator.yaml")
	if code != exitDone {
		t.Fatalf("got exit code %d, want %d: %s", code, exitDone, err)
	}
	for _, want := range []string{"also creates: DaemonSet istio-system/ztunnel: runs a pod on each node that it selects",
		"Objects to install that lead to another revision (1)",
		"HorizontalPodAutoscaler istio-system/istiod-1-31-0 spec.scaleTargetRef.name: istiod-1-29-1",
		"what to do: correct it in the file, or the values, of revision 1-31-0"} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
			t.Errorf("the plan does not contain %q:\n%s", want, out)
		}
	}
}
