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

// TestBadInput asks for what cannot be done, of a mesh without a second control plane.
func TestBadInput(t *testing.T) {
	l := hollow(t, "what is asked for cannot be done: one clear message, and nothing changes")
	install := []string{"--to", newRevision, "--operator", operatorFile(t, newRevision)}
	right, wrong := istioctl(t, newVersion), istioctl(t, oldVersion)
	l.refused(t,
		refusal{name: "revision is no DNS label", args: moving("--to", "1.31.0"), code: exitUsage,
			says: []string{`revision "1.31.0"`, "Use lower-case letters, digits and '-'", `Did you mean "1-31-0"?`}},
		refusal{name: "revision does not exist", args: moving("--to", "1-30-0"), code: exitRefused,
			says: []string{"1-30-0", "--operator"}},
		refusal{name: "no such file", args: moving("-f", "/nowhere/move.yaml"), code: exitUsage,
			says: []string{"read the MeshUpgrade file", "/nowhere/move.yaml: no such file"}},
		refusal{name: "foreign file", args: moving("-f", file(t, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")), code: exitUsage,
			says: []string{"ConfigMap", "MeshUpgrade"}},
		refusal{name: "no YAML", args: moving("-f", file(t, "{{ .Values.revision }")), code: exitUsage,
			says: []string{"read the MeshUpgrade file: yaml: line 1"}},
		refusal{name: "unknown field", args: moving("-f", file(t, "apiVersion: rerig.dev/v1alpha1\nkind: MeshUpgrade\nmetadata: {name: a}\nspec: {revision: 1-31-0, wave: 3}\n")), code: exitUsage,
			says: []string{`"spec.wave"`}},
		refusal{name: "foreign operator file", args: moving("--to", newRevision, "--operator", file(t, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")), code: exitUsage,
			says: []string{"It must be install.istio.io/v1alpha1, IstioOperator"}},
		refusal{name: "operator file of another revision", args: moving("--to", newRevision, "--operator", operatorFile(t, oldRevision)), code: exitUsage,
			says: []string{oldRevision, newRevision}},
		refusal{name: "no such namespace", args: moving(append(install, "--istioctl", right, "-n", "nowhere")...), code: exitRefused,
			says: []string{"select namespaces", `there is no namespace "nowhere"`, "kubectl get namespaces"}},
		refusal{name: "istioctl of another version", args: moving(append(install, "--istioctl", wrong)...), code: exitRefused,
			says: []string{wrong, "has version 1.29.1, but the plan installs 1.31.0", "--istioctl"}},
		refusal{name: "no istioctl", args: moving(install...), code: exitRefused,
			says: []string{"find istioctl: none in PATH", "--istioctl"}},
		refusal{name: "istioctl is something else", args: moving(append(install, "--istioctl", "/bin/true")...), code: exitRefused,
			says: []string{"run /bin/true version", "Check that it is an istioctl"}},
		refusal{name: "nobody to agree", args: append([]string{"upgrade", "--istioctl", right}, install...), code: exitUsage,
			says: []string{"standard input is not a terminal", "--yes"}},
		refusal{name: "no run to roll back", args: back(), code: exitRefused,
			says: []string{"this cluster has no record of any", "rerig upgrade"}},
		refusal{name: "no cluster", args: moving(append(install, "--istioctl", right)...), code: exitRefused,
			via: kubeconfigFor(t, "https://127.0.0.1:1", "none"), says: []string{"no cluster", "127.0.0.1:1", "is the cluster up, and is this the right context?"}},
		refusal{name: "no kubeconfig", args: moving(append(install, "--istioctl", right, "--kubeconfig", "/nowhere/config")...), code: exitRefused,
			says: []string{"no cluster", "/nowhere/config", "--kubeconfig"}},
	)
	there := l.rerig(t, moving("--to", oldRevision)...)
	there.exits(t, exitDone)
	there.says(t, "Nothing to move", oldRevision)
	t.Run("ghost label", func(t *testing.T) {
		l.namespace(t, "ghost", map[string]string{"istio.io/rev": "1-28-0"})
		l.refused(t, refusal{name: "by name", args: moving(append(install, "--istioctl", right, "-n", "ghost")...), code: exitRefused,
			says: []string{`namespace "ghost" is labelled istio.io/rev=1-28-0`, "no live webhook answers to that"}},
			refusal{name: "among all", args: moving(append(install, "--istioctl", right)...), code: exitRefused,
				says: []string{`namespace "ghost" is labelled istio.io/rev=1-28-0`, "leave the namespace out"}})
	})
}

// TestNoIstio asks for an upgrade of nothing.
func TestNoIstio(t *testing.T) {
	tell(t, "a cluster without Istio: said clearly, and nothing changes")
	l := bring(t, "bare", "--size", "hollow", "--istio=false")
	defer lower(l.name)
	l.refused(t, refusal{name: "upgrade", args: upgrading(t), code: exitRefused,
		says: []string{"no Istio control plane was found", "istio-system", "--istio-namespace"}})
}

// namespace makes a namespace for the length of a test, which may end before.
func (l *lab) namespace(t *testing.T, name string, labels map[string]string) {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	if _, err := l.core.Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.core.Namespaces().Delete(context.Background(), name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
		// Its label is seen for as long as it is going.
		for range 300 {
			if _, err := l.core.Namespaces().Get(context.Background(), name, metav1.GetOptions{}); apierrors.IsNotFound(err) {
				return
			}
			time.Sleep(200 * time.Millisecond)
		}
		t.Errorf("namespace %s does not go", name)
	})
}
