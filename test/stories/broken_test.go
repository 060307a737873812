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

// TestBrokenControlPlane installs an istiod whose image nobody has.
func TestBrokenControlPlane(t *testing.T) {
	l := hollow(t, "an istiod that never becomes ready: the run stops in its time, names it, and says what is left and how to remove it")
	before := l.snapshot(t, bindings())
	operator, err := os.ReadFile(operatorFile(t, newRevision))
	if err != nil {
		t.Fatal(err)
	}
	broken := file(t, strings.Replace(string(operator), "tag: "+newVersion, "tag: "+newVersion+"-distroless", 1))
	e := l.rerig(t, moving("--to", newRevision, "--operator", broken, "--istioctl", istioctl(t, newVersion), "--ready-timeout", "15s")...)
	e.exits(t, exitHeld)
	e.says(t, "InstallFailed", "Deployment/istio-system/istiod-1-31-0", "left behind of revision 1-31-0", "Deployment istio-system/istiod-1-31-0",
		"MutatingWebhookConfiguration istio-sidecar-injector-1-31-0", "to remove what was left behind")
	if e.took > 90*time.Second {
		t.Errorf("it took %s to give up, though it has 15 s", e.took)
	}
	t.Logf("stopped after %s", short(e.took))
	l.snapshot(t, bindings()).ours().same(t, "an install that failed", before)
	l.stands(t, all(oldRevision))
	l.phase(t, "Held")

	removed := removal(t, e.text)
	cmd := exec.Command("/bin/sh", "-c", removed)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+l.kubeconfig)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", removed, err, said)
	}
	eventually(t, 30*time.Second, func() error {
		if left := l.list(t.Context(), t, deployments, "app=istiod,istio.io/rev="+newRevision); len(left) > 0 {
			return fmt.Errorf("%s left its Deployment behind", removed)
		}
		return nil
	})

	returned := l.rerig(t, back()...)
	returned.exits(t, exitDone)
	l.phase(t, "RolledBack")
	mended := l.rerig(t, upgrading(t)...)
	mended.exits(t, exitDone)
	l.stands(t, all(newRevision))
}

// removal takes the command out of a message that says how to remove what is left.
func removal(t *testing.T, text string) string {
	t.Helper()
	_, after, ok := strings.Cut(text, "to remove what was left behind:")
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

// TestBrokenCanary has the proxies of the first wave refuse what the new istiod sends.
func TestBrokenCanary(t *testing.T) {
	l := hollow(t, "the first wave's proxies refuse their configuration: the run stops, names it, and puts the wave back")
	before := l.snapshot(t, bindings())
	l.target(t, "")
	l.annotate(t, "shop-web", map[string]any{"lab.rerig.dev/reject": "lds@" + newRevision})
	args := moving("--to", newRevision, "--soak", "1s")

	stopped := l.rerig(t, args...)
	stopped.exits(t, exitHeld)
	stopped.says(t, "CheckFailed", "Deployment shop-web/web", "rejected the LDS", "istiod-1-31-0", "rerig rollback")
	l.labelled(t, stand{"shop-web": newRevision, "shop-data": oldRevision, "shop-core": oldRevision})
	l.phase(t, "Held")
	status := l.rerig(t, "status")
	status.exits(t, exitDone)
	status.says(t, "Held", "Deployment shop-web/web", "rejected the LDS")

	l.rerig(t, back()...).exits(t, exitDone)
	l.stands(t, all(oldRevision))

	reverted := l.rerig(t, append(args, "--rollback-on-failure")...)
	reverted.exits(t, exitHeld)
	reverted.says(t, "WaveReverted", "wave 1 was rolled back and is verified", "Deployment shop-web/web", "rejected the LDS")
	l.stands(t, all(oldRevision))
	l.phase(t, "Held")
	l.annotate(t, "shop-web", map[string]any{"lab.rerig.dev/reject": nil})
	l.snapshot(t, bindings()).ours().withoutStamps(t).same(t, "a wave that was put back", before.withoutStamps(t))
	for name, value := range l.snapshot(t, bindings()) {
		if strings.Contains(name, "spec.template") && !strings.Contains(name, "shop-web/") && strings.Contains(value, "rerig.dev/run") {
			t.Errorf("%s was restarted, though its wave never began", name)
		}
	}

	mended := l.rerig(t, append(args, "--rollback-on-failure")...)
	mended.exits(t, exitDone)
	l.stands(t, all(newRevision))
	l.phase(t, "Completed")
}
