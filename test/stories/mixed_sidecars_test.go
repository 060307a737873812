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
	l := targetLab(t, "OnDelete has left sidecars of two revisions in one workload: one plan for both, still approved after each eviction")
	const between, ns = newRevision + "-between", "mixed"
	tool := istioctl(t, newVersion)
	output(t, nil, tool, "install", "-f", tempFile(t, strings.ReplaceAll(fmt.Sprintf(minimal, ""), "revision: "+newRevision,
		"revision: "+between)), "--skip-confirmation", "--kubeconfig", l.kubeconfig)
	t.Cleanup(func() {
		l.deleteNamespace(t, ns)
		if out, err := exec.Command(tool, "uninstall", "--revision", between, "--skip-confirmation", "--kubeconfig",
			l.kubeconfig).CombinedOutput(); err != nil {
			t.Errorf("take revision %s away: %v\n%s", between, err, out)
		}
	})
	space := object("v1", "Namespace", "", ns)
	space["metadata"].(map[string]any)["labels"] = map[string]any{"istio.io/rev": oldRevision}
	l.apply(t, "namespaces", space)
	set := object("apps/v1", "StatefulSet", ns, "x")
	set["spec"] = map[string]any{"replicas": int64(2), "serviceName": "x", "updateStrategy": map[string]any{"type": "OnDelete"},
		"selector": map[string]any{"matchLabels": map[string]any{"app": "x"}},
		"template": map[string]any{"metadata": map[string]any{"labels": map[string]any{"app": "x"}},
			"spec": map[string]any{"containers": []any{map[string]any{"name": "app", "image": "app"}}}}}
	l.apply(t, "statefulsets", set)
	waitSidecars := func(want ...string) {
		t.Helper()
		eventually(t, time.Minute, func() error { return l.checkSidecars(t, ns, want) })
	}
	waitSidecars(oldRevision, oldRevision)
	l.label(t, ns, map[string]any{"istio.io/rev": between})
	if err := l.core.Pods(ns).Delete(t.Context(), "x-1", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	waitSidecars(oldRevision, between)

	planned := l.rerig(t, "plan", "--to", newRevision, "-n", ns)
	planned.requireExit(t, exitDone)
	planned.requireOutput(t, "StatefulSet mixed/x 2 pods 1-29-1+"+between+" -> 1-31-0")
	moved := l.rerig(t, upgradeArgs("--to", newRevision, "-n", ns, "--soak", "0s")...)
	moved.requireExit(t, exitDone)
	moved.requireOutput(t, "evicted pod x-1 of StatefulSet mixed/x", "evicted pod x-0 of StatefulSet mixed/x")
	l.requirePhase(t, "Completed")
	if err := l.checkSidecars(t, ns, []string{newRevision, newRevision}); err != nil {
		t.Error(err)
	}
}

// checkSidecars compares the sidecars of a StatefulSet's pods, by ordinal.
func (l *lab) checkSidecars(t *testing.T, ns string, want []string) error {
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
