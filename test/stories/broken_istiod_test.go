// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestBrokenControlPlane installs an istiod whose image does not exist.
func TestBrokenControlPlane(t *testing.T) {
	l := sharedLab(t, "an istiod that never becomes ready: the run holds in time, names it, lists what is left behind, and how to remove "+
		"it")
	before := l.snapshot(t, bindingFields())
	operator, err := os.ReadFile(operatorFile(t, newRevision))
	if err != nil {
		t.Fatal(err)
	}
	broken := tempFile(t, strings.Replace(string(operator), "tag: "+newVersion, "tag: "+newVersion+"-distroless", 1))
	e := l.rerig(t, upgradeArgs("--to", newRevision, "--operator", broken, "--istioctl", istioctl(t, newVersion), "--ready-timeout",
		"15s")...)
	e.requireExit(t, exitHeld)
	e.requireOutput(t, "InstallFailed", "Deployment/istio-system/istiod-1-31-0", "left in the cluster of revision 1-31-0",
		"Deployment istio-system/istiod-1-31-0",
		"MutatingWebhookConfiguration istio-sidecar-injector-1-31-0", "to remove what is left:")
	if e.took > 90*time.Second {
		t.Errorf("it took %s to give up, though it has 15 s", e.took)
	}
	t.Logf("stopped after %s", short(e.took))
	l.snapshot(t, bindingFields()).withoutTarget().requireSame(t, "an install that failed", before)
	l.requirePlacement(t, everywhere(oldRevision))
	l.requirePhase(t, "Held")

	removed := removalCommand(t, e.text)
	cmd := exec.Command("/bin/sh", "-c", removed)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+l.kubeconfig)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s\nof:\n%s", removed, err, out, e.text)
	}
	eventually(t, 30*time.Second, func() error {
		if left := l.list(t.Context(), t, deployments, "app=istiod,istio.io/rev="+newRevision); len(left) > 0 {
			return fmt.Errorf("%s left its Deployment behind", removed)
		}
		return nil
	})

	returned := l.rerig(t, rollbackArgs()...)
	returned.requireExit(t, exitDone)
	l.requirePhase(t, "RolledBack")
	mended := l.rerig(t, installArgs(t, "--waves", "1")...)
	mended.requireExit(t, exitDone)
	l.requirePlacement(t, everywhere(newRevision))
}

// removalCommand returns the command in a message that says how to remove what was left
// behind.
func removalCommand(t *testing.T, text string) string {
	t.Helper()
	_, after, ok := strings.Cut(text, "to remove what is left:")
	if !ok {
		t.Fatalf("no command is named in:\n%s", text)
	}
	for line := range strings.Lines(after) {
		if line = strings.TrimSpace(line); strings.Contains(line, "istioctl uninstall") {
			return line + " -y"
		}
	}
	t.Fatalf("no command is named in:\n%s", after)
	return ""
}

// TestFirstWaveFails has the proxies of the first wave reject what the new istiod sends.
func TestFirstWaveFails(t *testing.T) {
	l := targetLab(t, "the first wave's proxies reject their configuration: the run holds, names it, and rolls the wave back")
	before := l.snapshot(t, bindingFields())
	l.annotate(t, "shop-web", map[string]any{"lab.rerig.dev/reject": "lds@" + newRevision})
	args := upgradeArgs("--to", newRevision, "--soak", "0s")

	stopped := l.rerig(t, args...)
	stopped.requireExit(t, exitHeld)
	stopped.requireOutput(t, "CheckFailed", "Deployment shop-web/web", "rejected the LDS", "istiod-1-31-0", "rerig rollback")
	l.requireLabels(t, placement{"shop-web": newRevision, "shop-data": oldRevision, "shop-core": oldRevision})
	l.requirePhase(t, "Held")
	status := l.rerig(t, "status")
	status.requireExit(t, exitDone)
	status.requireOutput(t, "Held", "Deployment shop-web/web", "rejected the LDS")

	l.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
	l.requirePlacement(t, everywhere(oldRevision))

	reverted := l.rerig(t, append(args, "--rollback-on-failure")...)
	reverted.requireExit(t, exitHeld)
	reverted.requireOutput(t, "WaveReverted", "wave 1 was rolled back and is verified", "Deployment shop-web/web", "rejected the LDS")
	l.requirePlacement(t, everywhere(oldRevision))
	l.requirePhase(t, "Held")
	l.annotate(t, "shop-web", map[string]any{"lab.rerig.dev/reject": nil})
	l.snapshot(t, bindingFields()).withoutTarget().withoutRestarts(t).requireSame(t, "a wave that was rolled back",
		before.withoutTarget().withoutRestarts(t))
	for name, value := range l.snapshot(t, bindingFields()) {
		if strings.Contains(name, "spec.template") && !strings.Contains(name, "shop-web/") && strings.Contains(value, "rerig.dev/run") {
			t.Errorf("%s was restarted, though its wave never began", name)
		}
	}

	mended := l.rerig(t, append(args, "--rollback-on-failure")...)
	mended.requireExit(t, exitDone)
	l.requirePlacement(t, everywhere(newRevision))
	l.requirePhase(t, "Completed")
}
