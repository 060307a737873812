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

// defaultOperator returns the lab's operator file of a revision, changed for a mesh that
// injects by default. Without a revision it is untagged.
func defaultOperator(t *testing.T, revision string, changes ...string) string {
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

// TestUntaggedDefault upgrades a mesh that was installed without a revision and injects
// by default: a namespace without labels, one with istio-injection, and pods with a
// label of their own.
func TestUntaggedDefault(t *testing.T) {
	l := ownLab(t, "installed without a revision, injected by default: the default becomes a tag after the last wave, and is none again "+
		"after the rollback", "untagged", "--istio=false")
	output(t, nil, istioctl(t, oldVersion), "install", "-y", "-f", defaultOperator(t, oldRevision, "  revision: 1-29-1\n", ""),
		"--kubeconfig", l.kubeconfig)
	l.createNamespace(t, "silent", nil)
	l.createNamespace(t, "empty", nil)
	l.createNamespace(t, "injected", map[string]string{"istio-injection": "enabled"})
	l.createNamespace(t, "named", map[string]string{"istio.io/rev": "default"})
	l.createNamespace(t, "off", map[string]string{"istio-injection": "disabled"})
	for _, ns := range []string{"silent", "injected", "named", "off"} {
		l.createDeployment(t, ns, "web")
		l.waitRolledOut(t, ns, "web")
	}
	l.requireSidecars(t, map[string]string{"silent/web": "default", "injected/web": "default", "named/web": "default", "off/web": ""})
	one := l.rerig(t, planArgs([]string{"upgrade", "--to", newRevision, "--operator", defaultOperator(t, newRevision), "--istioctl",
		istioctl(t, newVersion), "--yes", "--namespace", "silent"})...)
	one.requireExit(t, exitDone)
	one.requireOutput(t, "it binds workloads that this run does not move", "Deployment injected/web", "Deployment named/web")
	before, hooks := l.snapshot(t, bindingFields()), l.snapshot(t, allFields()).matching("webhookconfigurations")

	args := []string{"upgrade", "--to", newRevision, "--operator", defaultOperator(t, newRevision), "--istioctl", istioctl(t,
		newVersion), "--yes", "--soak", "0s", "--waves", "1"}
	planned := l.rerig(t, planArgs(args)...)
	planned.requireExit(t, exitDone)
	planned.requireOutput(t, "Namespace silent (none) -> istio.io/rev=1-31-0", "tag the default revision: default -> 1-31-0",
		"restore label of Namespace silent: istio.io/rev=1-31-0 -> (none)")
	moved := l.rerig(t, args...)
	moved.requireExit(t, exitDone)
	l.requireSidecars(t, map[string]string{"silent/web": newRevision, "injected/web": newRevision, "named/web": newRevision, "off/web": ""})
	if at := l.tagRevision(t, "default"); at != newRevision {
		t.Errorf("the default is at %q", at)
	}
	for ns, want := range map[string]string{"silent": newRevision, "injected": newRevision, "named": newRevision, "empty": newRevision,
		"off": ""} {
		l.createDeployment(t, ns, "fresh")
		l.waitRolledOut(t, ns, "fresh")
		l.requireSidecars(t, map[string]string{ns + "/fresh": want})
		if err := l.objects.Resource(deployments).Namespace(ns).Delete(context.Background(), "fresh", metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	}
	l.requireValidator(t, "istiod-"+newRevision)

	returned := l.rerig(t, rollbackArgs()...)
	returned.requireExit(t, exitDone)
	returned.requireOutput(t, "moved the default revision: 1-31-0 -> default")
	l.requireSidecars(t, map[string]string{"silent/web": "default", "injected/web": "default", "named/web": "default", "off/web": ""})
	l.snapshot(t, bindingFields()).withoutTarget().withoutRestarts(t).requireSame(t, "upgrade and rollback",
		before.withoutTarget().withoutRestarts(t))
	l.snapshot(t, allFields()).matching("webhookconfigurations").withoutName(newRevision).requireSame(t, "webhooks and validators", hooks)
	l.requireValidator(t, "istiod")
}

// requireValidator requires the Service of the default validator.
func (l *lab) requireValidator(t *testing.T, service string) {
	t.Helper()
	for _, o := range l.list(t.Context(), t, resource("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations"), "") {
		if o.GetName() == "istiod-default-validator" && !strings.Contains(fieldJSON(t, o, "webhooks"), `"name":"`+service+`"`) {
			t.Errorf("the validator does not call %s: %s", service, fieldJSON(t, o, "webhooks"))
		}
	}
}

// withoutName returns the entries whose names do not contain a part.
func (s snapshot) withoutName(part string) snapshot {
	out := snapshot{}
	for name, value := range s {
		if !strings.Contains(name, part) {
			out[name] = value
		}
	}
	return out
}
