// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestBadInput gives commands that cannot be carried out, on a mesh with one control
// plane.
func TestBadInput(t *testing.T) {
	l := sharedLab(t, "commands that cannot be carried out: one clear message each, and nothing changes")
	install := []string{"--to", newRevision, "--operator", operatorFile(t, newRevision)}
	right, wrong := istioctl(t, newVersion), istioctl(t, oldVersion)
	l.requireRefused(t,
		refusal{name: "revision is no DNS label", args: upgradeArgs("--to", "1.31.0"), code: exitUsage,
			says: []string{`revision "1.31.0"`, "Use lower-case letters, digits and '-'", `Did you mean "1-31-0"?`}},
		refusal{name: "revision does not exist", args: upgradeArgs("--to", "1-30-0"), code: exitRefused,
			says: []string{"1-30-0", "--operator"}},
		refusal{name: "no such file", args: upgradeArgs("-f", "/nowhere/move.yaml"), code: exitUsage,
			says: []string{"read the MeshUpgrade file", "/nowhere/move.yaml: no such file"}},
		refusal{name: "foreign file", args: upgradeArgs("-f", tempFile(t, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")),
			code: exitUsage,
			says: []string{"ConfigMap", "MeshUpgrade"}},
		refusal{name: "no YAML", args: upgradeArgs("-f", tempFile(t, "{{ .Values.revision }")), code: exitUsage,
			says: []string{"read the MeshUpgrade file: yaml: line 1"}},
		refusal{name: "unknown field", args: upgradeArgs("-f", tempFile(t,
			"apiVersion: rerig.dev/v1alpha1\nkind: MeshUpgrade\nmetadata: {name: a}\nspec: {revision: 1-31-0, wave: 3}\n")),
			code: exitUsage,
			says: []string{`"spec.wave"`}},
		refusal{name: "foreign operator file", args: upgradeArgs("--to", newRevision, "--operator", tempFile(t,
			"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")), code: exitUsage,
			says: []string{"It must be install.istio.io/v1alpha1, IstioOperator"}},
		refusal{name: "operator file of another revision", args: upgradeArgs("--to", newRevision, "--operator", operatorFile(t,
			oldRevision)), code: exitUsage,
			says: []string{oldRevision, newRevision}},
		refusal{name: "no such namespace", args: upgradeArgs(append(install, "--istioctl", right, "-n", "nowhere")...), code: exitRefused,
			says: []string{"select namespaces", `namespace "nowhere" does not exist`, "kubectl get namespaces"}},
		refusal{name: "istioctl of another version", args: upgradeArgs(append(install, "--istioctl", wrong)...), code: exitRefused,
			says: []string{wrong, "has version 1.29.1, but the plan installs 1.31.0", "--istioctl"}},
		refusal{name: "no istioctl", args: upgradeArgs(install...), code: exitRefused,
			says: []string{"find istioctl: none in PATH", "--istioctl"}},
		refusal{name: "istioctl is something else", args: upgradeArgs(append(install, "--istioctl", "/bin/true")...), code: exitRefused,
			says: []string{"run /bin/true version", "Check that it is an istioctl"}},
		refusal{name: "nobody to agree", args: append([]string{"upgrade", "--istioctl", right}, install...), code: exitUsage,
			says: []string{"standard input is not a terminal", "--yes"}},
		refusal{name: "no run to roll back", args: rollbackArgs(), code: exitRefused,
			says: []string{"this cluster has no record of any", "rerig upgrade"}},
		refusal{name: "no cluster", args: upgradeArgs(append(install, "--istioctl", right)...), code: exitRefused,
			via: kubeconfigFor(t, "https://127.0.0.1:1", "none"), says: []string{"no cluster", "127.0.0.1:1",
				"is the cluster up, and is this the right context?"}},
		refusal{name: "no kubeconfig", args: upgradeArgs(append(install, "--istioctl", right, "--kubeconfig", "/nowhere/config")...),
			code: exitRefused,
			says: []string{"no cluster", "/nowhere/config", "--kubeconfig"}},
	)
	there := l.rerig(t, upgradeArgs("--to", oldRevision)...)
	there.requireExit(t, exitDone)
	there.requireOutput(t, "Nothing to move", oldRevision)
	t.Run("ghost label", func(t *testing.T) {
		l.createNamespace(t, "ghost", map[string]string{"istio.io/rev": "1-28-0"})
		l.requireRefused(t, refusal{name: "by name", args: upgradeArgs(append(install, "--istioctl", right, "-n", "ghost")...),
			code: exitRefused,
			says: []string{`namespace "ghost" is labelled istio.io/rev=1-28-0`, "which no webhook selects", "--exclude-namespace ghost"}})
		among := l.rerig(t, append([]string{"plan", "--istioctl", right}, install...)...)
		among.requireExit(t, exitDone)
		among.requireOutput(t, "label that no webhook selects, and nothing runs there", "ghost")
	})
}

// TestNoIstio upgrades a cluster without Istio.
func TestNoIstio(t *testing.T) {
	l := ownLab(t, "a cluster without Istio: one clear message, and nothing changes", "bare", "--istio=false")
	l.requireRefused(t, refusal{name: "upgrade", args: installArgs(t), code: exitRefused,
		says: []string{"no Istio control plane was found", "istio-system", "--istio-namespace"}})
}

// createNamespace creates a namespace and deletes it when the test ends, unless it is
// gone.
func (l *lab) createNamespace(t *testing.T, name string, labels map[string]string) {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	if _, err := l.core.Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.core.Namespaces().Delete(context.Background(), name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
		// rerig sees its label until it is gone.
		for range 300 {
			if _, err := l.core.Namespaces().Get(context.Background(), name, metav1.GetOptions{}); apierrors.IsNotFound(err) {
				return
			}
			time.Sleep(200 * time.Millisecond)
		}
		t.Errorf("namespace %s does not go", name)
	})
}
