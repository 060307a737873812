// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestMixedSidecars moves a workload whose pods have sidecars of two revisions,
// neither of them the target's.
func TestMixedSidecars(t *testing.T) {
	l := hollow(t, "OnDelete has left sidecars of two revisions in one workload: one plan for both, and what is left of it after each eviction is still what was agreed to")
	l.target(t, "")
	const between, ns = newRevision + "-between", "mixed"
	tool := istioctl(t, newVersion)
	output(t, nil, tool, "install", "-f", file(t, strings.ReplaceAll(fmt.Sprintf(minimal, ""), "revision: "+newRevision, "revision: "+between)), "--skip-confirmation", "--kubeconfig", l.kubeconfig)
	t.Cleanup(func() {
		l.deletes(t, ns)
		if said, err := exec.Command(tool, "uninstall", "--revision", between, "--skip-confirmation", "--kubeconfig", l.kubeconfig).CombinedOutput(); err != nil {
			t.Errorf("take revision %s away: %v\n%s", between, err, said)
		}
	})
	space := object("v1", "Namespace", "", ns)
	space["metadata"].(map[string]any)["labels"] = map[string]any{"istio.io/rev": oldRevision}
	l.put(t, "namespaces", space)
	set := object("apps/v1", "StatefulSet", ns, "x")
	set["spec"] = map[string]any{"replicas": int64(2), "serviceName": "x", "updateStrategy": map[string]any{"type": "OnDelete"},
		"selector": map[string]any{"matchLabels": map[string]any{"app": "x"}},
		"template": map[string]any{"metadata": map[string]any{"labels": map[string]any{"app": "x"}},
			"spec": map[string]any{"containers": []any{map[string]any{"name": "app", "image": "app"}}}}}
	l.put(t, "statefulsets", set)
	carry := func(want ...string) {
		t.Helper()
		eventually(t, time.Minute, func() error { return l.carries(t, ns, want) })
	}
	carry(oldRevision, oldRevision)
	l.label(t, ns, map[string]any{"istio.io/rev": between})
	if err := l.core.Pods(ns).Delete(t.Context(), "x-1", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	carry(oldRevision, between)

	planned := l.rerig(t, "plan", "--to", newRevision, "-n", ns)
	planned.exits(t, exitDone)
	planned.says(t, "StatefulSet mixed/x 2 pods 1-29-1+"+between+" -> 1-31-0")
	moved := l.rerig(t, moving("--to", newRevision, "-n", ns, "--soak", "1s")...)
	moved.exits(t, exitDone)
	moved.says(t, "evicted pod x-1 of StatefulSet mixed/x", "evicted pod x-0 of StatefulSet mixed/x")
	l.phase(t, "Completed")
	if err := l.carries(t, ns, []string{newRevision, newRevision}); err != nil {
		t.Error(err)
	}
}

// carries compares the sidecars of a StatefulSet's pods, by ordinal.
func (l *lab) carries(t *testing.T, ns string, want []string) error {
	t.Helper()
	for n, revision := range want {
		p, err := l.core.Pods(ns).Get(t.Context(), fmt.Sprintf("x-%d", n), metav1.GetOptions{})
		if err != nil {
			return err
		}
		if has := sidecar(*p); has != revision || p.Status.Phase != corev1.PodRunning {
			return fmt.Errorf("pod %s carries a sidecar of %q, and is %s", p.Name, has, p.Status.Phase)
		}
	}
	return nil
}
