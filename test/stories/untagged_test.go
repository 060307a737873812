// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// byDefault is how the lab's file of a revision is changed for a mesh that
// injects by default; without a revision it is installed untagged.
func byDefault(t *testing.T, revision string, changes ...string) string {
	t.Helper()
	content, err := os.ReadFile(operatorFile(t, revision))
	if err != nil {
		t.Fatal(err)
	}
	changes = append(changes, "profile: default", "profile: minimal", "enabled: true", "enabled: false",
		"  values:\n", "  values:\n    sidecarInjectorWebhook: {enableNamespacesByDefault: true}\n")
	path := filepath.Join(t.TempDir(), revision+".yaml")
	if err := os.WriteFile(path, []byte(strings.NewReplacer(changes...).Replace(string(content))), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestUntaggedDefault moves a mesh that was installed without a revision and that
// injects by default: a namespace without labels, one with istio-injection, and a
// pod that asks by itself where nothing is said.
func TestUntaggedDefault(t *testing.T) {
	tell(t, "installed without a revision, injected by default: the default becomes a tag after the last wave, and on the way back none again")
	l := bring(t, "untagged", "--size", "hollow", "--istio=false")
	t.Cleanup(func() { lower(l.name) }) // after what uses it is cleared up
	output(t, nil, istioctl(t, oldVersion), "install", "-y", "-f", byDefault(t, oldRevision, "  revision: 1-29-1\n", ""), "--kubeconfig", l.kubeconfig)
	l.namespace(t, "silent", nil)
	l.namespace(t, "empty", nil)
	l.namespace(t, "injected", map[string]string{"istio-injection": "enabled"})
	l.namespace(t, "named", map[string]string{"istio.io/rev": "default"})
	l.namespace(t, "off", map[string]string{"istio-injection": "disabled"})
	for _, ns := range []string{"silent", "injected", "named", "off"} {
		l.workload(t, ns, "web")
		l.settlesIn(t, ns, "web")
	}
	l.bound(t, map[string]string{"silent/web": "default", "injected/web": "default", "named/web": "default", "off/web": ""})
	one := l.rerig(t, planning([]string{"upgrade", "--to", newRevision, "--operator", byDefault(t, newRevision), "--istioctl", istioctl(t, newVersion), "--yes", "--namespace", "silent"})...)
	one.exits(t, exitDone)
	one.says(t, "others are bound by it, which this run does not move", "Deployment injected/web", "Deployment named/web")
	before, hooks := l.snapshot(t, bindings()), l.snapshot(t, everything()).of("webhookconfigurations")

	args := []string{"upgrade", "--to", newRevision, "--operator", byDefault(t, newRevision), "--istioctl", istioctl(t, newVersion), "--yes", "--soak", "0s"}
	planned := l.rerig(t, planning(args)...)
	planned.exits(t, exitDone)
	planned.says(t, "Namespace silent (none) -> istio.io/rev=1-31-0", "tag the default revision: default -> 1-31-0", "restore label of Namespace silent: istio.io/rev=1-31-0 -> (none)")
	moved := l.rerig(t, args...)
	moved.exits(t, exitDone)
	l.bound(t, map[string]string{"silent/web": newRevision, "injected/web": newRevision, "named/web": newRevision, "off/web": ""})
	if at := l.tagAt(t, "default"); at != newRevision {
		t.Errorf("the default is at %q", at)
	}
	for ns, want := range map[string]string{"silent": newRevision, "injected": newRevision, "named": newRevision, "empty": newRevision, "off": ""} {
		l.workload(t, ns, "fresh")
		l.settlesIn(t, ns, "fresh")
		l.bound(t, map[string]string{ns + "/fresh": want})
		if err := l.objects.Resource(deployments).Namespace(ns).Delete(context.Background(), "fresh", metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	}
	l.validated(t, "istiod-"+newRevision)

	returned := l.rerig(t, back()...)
	returned.exits(t, exitDone)
	returned.says(t, "moved the default revision: 1-31-0 -> default")
	l.bound(t, map[string]string{"silent/web": "default", "injected/web": "default", "named/web": "default", "off/web": ""})
	l.snapshot(t, bindings()).ours().withoutStamps(t).same(t, "the way there and back", before.ours().withoutStamps(t))
	l.snapshot(t, everything()).of("webhookconfigurations").without(newRevision).same(t, "webhooks and validators", hooks)
	l.validated(t, "istiod")
}

// validated demands the Service that validates what names no revision.
func (l *lab) validated(t *testing.T, service string) {
	t.Helper()
	for _, o := range l.list(t.Context(), t, resource("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations"), "") {
		if o.GetName() == "istiod-default-validator" && !strings.Contains(render(t, o, "webhooks"), `"name":"`+service+`"`) {
			t.Errorf("the validator does not call %s: %s", service, render(t, o, "webhooks"))
		}
	}
}

// without are the entries whose names don't hold this.
func (s snapshot) without(part string) snapshot {
	out := snapshot{}
	for name, value := range s {
		if !strings.Contains(name, part) {
			out[name] = value
		}
	}
	return out
}
