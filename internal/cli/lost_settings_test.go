// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rerig/rerig/internal/mesh"
)

// loseSettings returns a cluster whose old control plane restricts egress and has its image from a private
// registry, and whose new one, once it is installed, does not.
func loseSettings() *fakeCluster {
	p := shop()
	p.setups.ControlPlanes = []mesh.ControlPlane{{Revision: "1-29-1", TrustDomain: "cluster.local", Settings: []mesh.Setting{
		{Group: mesh.MeshConfig, Key: "outboundTrafficPolicy.mode", Value: "REGISTRY_ONLY"},
		{Group: mesh.Images, Key: "istiod", Value: "registry.example.com/mesh/pilot"},
	}}}
	p.renderedSettings = mesh.ControlPlane{Revision: "1-31-0", TrustDomain: "cluster.local",
		Settings: []mesh.Setting{{Group: mesh.Images, Key: "istiod", Value: "docker.io/istio/pilot"}}}
	p.installedSettings = []mesh.ControlPlane{p.renderedSettings}
	return p
}

// What the new control plane would lose is compared before it is installed. Approving the plan accepts it.
func TestLostSettingsAreApproved(t *testing.T) {
	p := loseSettings()
	p.manifest = []*unstructured.Unstructured{}
	line := "--to 1-31-0 --soak 5s --chart ./testdata"
	code, out, err := runOn(p, "plan "+line)
	if code != exitDone {
		t.Fatalf("got exit code %d, want %d: %s", code, exitDone, err)
	}
	for _, want := range []string{"Settings that the new control plane loses: approved with the plan (2)",
		"mesh configuration: outboundTrafficPolicy.mode REGISTRY_ONLY -> (not set)",
		"image registry: istiod registry.example.com/mesh/pilot -> docker.io/istio/pilot"} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
			t.Errorf("the plan does not contain %q:\n%s", want, out)
		}
	}
	if code, _, err := runOn(p, "upgrade --yes "+line); code != exitDone {
		t.Fatalf("got exit code %d, want %d: %s", code, exitDone, err)
	}
	want := []string{"image registry: istiod", "mesh configuration: outboundTrafficPolicy.mode"}
	if got := p.ledgers["to-1-31-0"].AcceptedLoss; !slices.Equal(got, want) {
		t.Errorf("accepted: got %q, want %q", got, want)
	}
}

// What another tool installs is compared once it exists. The run holds until the loss is approved.
func TestLossOfAnotherToolsInstallHolds(t *testing.T) {
	p := loseSettings()
	line := "upgrade --to 1-31-0 --version 1.31.0 --soak 5s --await"
	code, out, err := runOn(p, line+" --yes")
	if code != exitHeld || !strings.Contains(strings.Join(strings.Fields(out), " "), "revision 1-31-0 loses settings") {
		t.Fatalf("got exit code %d, want %d with the loss: %s\n%s", code, exitHeld, err, out)
	}
	for _, w := range p.writes {
		if strings.Contains(w, "Namespace") || strings.Contains(w, "Deployment") {
			t.Errorf("got write %s before the loss was approved", w)
		}
	}
	code, out, err = runOn(p, line)
	if code != exitUsage || !strings.Contains(err, "not a terminal") || !strings.Contains(out, "REGISTRY_ONLY") {
		t.Errorf("again: got exit code %d, want %d and a question: %s\n%s", code, exitUsage, err, out)
	}
	if code, _, err := runOn(p, line+" --yes"); code != exitDone {
		t.Errorf("approved: got exit code %d, want %d: %s", code, exitDone, err)
	}
}
