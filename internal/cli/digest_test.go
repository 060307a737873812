// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/engine"
)

// writeInput writes a file that an install reads, and returns its path.
func writeInput(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// digestOf returns the digest of the plan that a command shows.
func digestOf(t *testing.T, p *fakeCluster, flags string) string {
	t.Helper()
	code, out, err := runOn(p, "plan --to 1-31-0 --version 1.31.0 --soak 5s -o json "+flags)
	var page struct {
		Digest string `json:"digest"`
	}
	if jsonErr := json.Unmarshal([]byte(out), &page); code != exitDone || jsonErr != nil {
		t.Fatalf("plan %s: got exit code %d, %v: %s", flags, code, jsonErr, err)
	}
	return page.Digest
}

// What is installed is part of what is approved: no two of these plans have the same digest.
func TestDigestCoversWhatIsInstalled(t *testing.T) {
	operator := func(spec string) string {
		return "--operator " + writeInput(t, "operator.yaml", "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec: "+spec+"\n")
	}
	values := func(content string) string { return " --values " + writeInput(t, "values.yaml", content) }
	inputs := []struct{ name, flags string }{
		{name: "istioctl", flags: operator("{profile: minimal}")},
		{name: "istioctl, another profile", flags: operator("{profile: ambient}")},
		{name: "istioctl, another setting", flags: operator("{profile: minimal, meshConfig: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}}}")},
		{name: "istioctl, another hub", flags: operator("{profile: minimal, hub: registry.example.com/istio}")},
		{name: "istioctl, another component", flags: operator("{profile: minimal, components: {cni: {enabled: true}}}")},
		{name: "istioctl, another overlay", flags: operator("{profile: minimal, components: {pilot: {k8s: {hpaSpec: {maxReplicas: 9}}}}}")},
		{name: "Helm", flags: "--chart ./testdata"},
		{name: "Helm, with values", flags: "--chart ./testdata" + values("hub: registry.example.com/istio\n")},
		{name: "Helm, with other values", flags: "--chart ./testdata" + values("hub: registry.example.com/other\n")},
		{name: "Helm, with two files", flags: "--chart ./testdata" + values("hub: registry.example.com/istio\n") + values("replicaCount: 2\n")},
		{name: "Helm, another version", flags: "--chart ./testdata --chart-version 1.31.1"},
		{name: "Helm, another chart", flags: "--chart oci://registry.example.com/istiod"},
		{name: "Helm, with the chart base", flags: "--chart ./testdata --upgrade-base"},
		{name: "another tool", flags: "--await"},
	}
	seen := map[string]string{}
	for _, in := range inputs {
		digest := digestOf(t, shop(), in.flags)
		if other, ok := seen[digest]; ok {
			t.Errorf("%q and %q have the same digest %s", other, in.name, digest)
		}
		seen[digest] = in.name
		if again := digestOf(t, shop(), in.flags); again != digest {
			t.Errorf("%q: got digest %s, then %s", in.name, digest, again)
		}
	}
	one, other := digestOf(t, shop(), operator("{profile: minimal, hub: x}")), digestOf(t, shop(), operator("{hub: x, profile: minimal}"))
	if one != other {
		t.Errorf("the same IstioOperator in another order: got digests %s and %s", one, other)
	}
}

// What a file or chart renders to is approved too: a run that continues asks again if it changed.
func TestChangedManifestIsApprovedAgain(t *testing.T) {
	p := shop()
	p.rendered, p.failsInstall = "aaaaaaaaaaaa", fmt.Errorf("%w: no image", engine.ErrRefused)
	first := digestOf(t, p, "--operator testdata/operator.yaml")
	line := "upgrade --to 1-31-0 --version 1.31.0 --soak 5s --operator testdata/operator.yaml"
	if code, _, err := runOn(p, line+" --yes"); code != exitHeld {
		t.Fatalf("got exit code %d, want %d: %s", code, exitHeld, err)
	}
	if code, out, err := runOn(p, line); code != exitHeld {
		t.Errorf("the same manifest: got exit code %d, want %d without a question: %s\n%s", code, exitHeld, err, out)
	}
	p.rendered, p.failsInstall = "bbbbbbbbbbbb", nil
	if code, out, err := runOn(p, line); code != exitUsage || !strings.Contains(err, "not a terminal") {
		t.Errorf("another manifest: got exit code %d, want %d and a question: %s\n%s", code, exitUsage, err, out)
	}
	if again := digestOf(t, p, "--operator testdata/operator.yaml"); again == first {
		t.Errorf("both manifests have the digest %s", first)
	}
	if code, _, err := runOn(p, line+" --yes"); code != exitDone || p.approvedManifest != "bbbbbbbbbbbb" {
		t.Errorf("approved: got exit code %d and manifest %s, want %d and bbbbbbbbbbbb: %s", code, p.approvedManifest, exitDone, err)
	}
}
