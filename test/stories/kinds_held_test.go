// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// obstacle is a workload that cannot finish, and what the run reports.
type obstacle struct {
	name     string
	workload string   // a Deployment in the next wave has to stay untouched
	pods     int      // its pods
	says     []string // in the output of the hold
	moved    int      // pods replaced when the run holds
	back     bool     // roll it back too
	always   bool     // make test runs it too, and not only make test-all
}

const meta = "metadata: {name: x, namespace: held}\nspec:\n  replicas: 2\n  selector: {matchLabels: {app: x}}\n"

// Pod templates. The lab leaves pods with the annotation unready.
const (
	good  = "  template: {metadata: {labels: {app: x}}, spec: {containers: [{name: app, image: docker.io/lab/app:1}]}}\n"
	stuck = "  template: {metadata: {labels: {app: x}, annotations: {lab.rerig.dev/not-ready: \"true@" + newRevision +
		"\"}}, spec: {containers: [{name: app, image: docker.io/lab/app:1}]}}\n"
	// The budget allows no eviction, the quota no further pod.
	budget = "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: strict, namespace: held}\nspec: {minAvailable: 2, " +
		"selector: {matchLabels: {app: x}}}\n"
	quota = "---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {name: tight, namespace: held}\nspec: {hard: {pods: \"2\"}}\n"
)

// apps returns a workload of API group apps named x in namespace held.
func apps(kind, more string) string { return "apiVersion: apps/v1\nkind: " + kind + "\n" + meta + more }

const (
	oneService = "  serviceName: x\n"
	onDelete   = oneService + "  updateStrategy: {type: OnDelete}\n"
)

var obstacles = []obstacle{
	{name: "Deployment not ready", workload: apps("Deployment", stuck), pods: 2, says: []string{"TimedOut", "Deployment held/x"}},
	{name: "Deployment without quota", workload: apps("Deployment", good+quota), pods: 2, always: true,
		says: []string{"TimedOut", "Deployment held/x", "not started, capacity is missing: ResourceQuota tight has 0 of 2 pods left"}},
	{name: "Deployment without a node", pods: 3,
		workload: strings.NewReplacer("replicas: 2", "replicas: 3", "docker.io/lab/app:1",
			"docker.io/lab/app:1, resources: {requests: {cpu: \"70\"}}").Replace(apps("Deployment", good)),
		says: []string{"TimedOut", "Deployment held/x", "not started, capacity is missing: no node that takes pods has 70"}},
	{name: "StatefulSet not ready", workload: apps("StatefulSet", oneService+stuck), pods: 2, moved: 1,
		says: []string{"TimedOut", "StatefulSet held/x", "x-1"}},
	{name: "StatefulSet OnDelete not ready", workload: apps("StatefulSet", onDelete+stuck), pods: 2, moved: 1, back: true, always: true,
		says: []string{"TimedOut", "StatefulSet held/x", "pod x-1 is not ready"}},
	{name: "StatefulSet OnDelete with a budget", workload: apps("StatefulSet", onDelete+good+budget), pods: 2,
		says: []string{"TimedOut", "StatefulSet held/x", "The disruption budget strict needs 2 healthy pods and has 2 currently"}},
	{name: "ReplicaSet with a budget", workload: apps("ReplicaSet", good+budget), pods: 2,
		says: []string{"TimedOut", "ReplicaSet held/x", "The disruption budget strict"}},
	{name: "ReplicaSet not ready", workload: apps("ReplicaSet", stuck), pods: 2, moved: 1, back: true,
		says: []string{"TimedOut", "ReplicaSet held/x", "is not ready"}},
	{name: "Rollout with a budget", pods: 2, back: true, always: true,
		workload: "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\n" + meta + "  strategy: {canary: {}}\n" + good + budget,
		says:     []string{"TimedOut", "Rollout held/x", "has a sidecar of 1-29-1 instead of 1-31-0"}},
	{name: "DaemonSet not ready", pods: 3, moved: 1, always: true, says: []string{"TimedOut", "DaemonSet held/x"},
		workload: strings.Replace(apps("DaemonSet", stuck), "  replicas: 2\n", "", 1)},
}

const heldFile = `apiVersion: rerig.dev/v1alpha1
kind: MeshUpgrade
metadata: {name: %[1]s}
spec: {revision: ` + newRevision + `, readyTimeout: 5s, soak: 0s, waves: [{namespaces: [%[1]s]}, {namespaces: [next]}]}
`

// runObstacles runs into each obstacle, in a namespace of its own: the run names it, and
// touches nothing else.
func (l *lab) runObstacles(t *testing.T) {
	all := "apiVersion: v1\nkind: Namespace\nmetadata: {name: next, labels: {istio.io/rev: " + oldRevision + "}}\n---\n" +
		strings.ReplaceAll("apiVersion: apps/v1\nkind: Deployment\n"+meta+good, "namespace: held", "namespace: next")
	chosen := slices.DeleteFunc(slices.Clone(obstacles), func(o obstacle) bool { return !o.always && !exhaustive() })
	for i, o := range chosen {
		held := fmt.Sprintf("held-%d", i)
		all += "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: " + held + ", labels: {istio.io/rev: " + oldRevision + "}}\n---\n" +
			strings.ReplaceAll(o.workload, "namespace: held", "namespace: "+held)
	}
	l.kubectl(t, "apply", "-f", tempFile(t, all))
	for i, o := range chosen {
		held := fmt.Sprintf("held-%d", i)
		t.Run(o.name, func(t *testing.T) {
			l.deleteRecords(t)
			eventually(t, runTimeout, func() error { return l.podsOnOld(t, held, o.pods) })
			eventually(t, runTimeout, func() error { return l.podsOnOld(t, "next", 2) })
			eventually(t, runTimeout, func() error { return l.quotasCounted(t, held) })
			e := l.rerig(t, upgradeArgs("-f", tempFile(t, fmt.Sprintf(heldFile, held)))...)
			e.requireExit(t, exitHeld)
			for _, says := range o.says {
				e.requireOutput(t, strings.ReplaceAll(says, "held/", held+"/"))
			}
			t.Logf("held after %s", short(e.took))
			if err := l.podsOnOld(t, "next", 2); err != nil {
				t.Error(err)
			}
			if err := l.checkUnmoved(t, held, o); err != nil {
				t.Error(err)
			}
			if o.back {
				l.rerig(t, rollbackArgs(held)...).requireExit(t, exitDone)
				if err := l.podsOnOld(t, held, o.pods); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// quotasCounted returns an error until the quotas of a namespace are counted: before that,
// the API server does not enforce them.
func (l *lab) quotasCounted(t *testing.T, namespace string) error {
	list, err := l.core.ResourceQuotas(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, q := range list.Items {
		if used := q.Status.Used.Pods(); used.Cmp(*q.Spec.Hard.Pods()) != 0 {
			return fmt.Errorf("quota %s counts %s pods of %s", q.Name, used, q.Spec.Hard.Pods())
		}
	}
	return nil
}

// podsOnOld returns an error until a namespace has that many pods, all ready and on the
// old revision.
func (l *lab) podsOnOld(t *testing.T, namespace string, n int) error {
	pods, err := l.core.Pods(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		return err
	}
	found, ready := map[string]int{}, 0
	for _, p := range pods.Items {
		found[sidecar(p)]++
		for _, c := range p.Status.Conditions {
			if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
				ready++
			}
		}
	}
	if len(pods.Items) != n || ready != n || found[oldRevision] != n {
		return fmt.Errorf("%s has %d pods, %d of them ready, %v", namespace, len(pods.Items), ready, found)
	}
	return nil
}

// checkUnmoved returns an error if more of the obstacle's pods were replaced than
// expected: a rollout adds one, an eviction removes one.
func (l *lab) checkUnmoved(t *testing.T, held string, o obstacle) error {
	pods, err := l.core.Pods(held).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		return err
	}
	old := 0
	for _, p := range pods.Items {
		if sidecar(p) == oldRevision {
			old++
		}
	}
	if old < o.pods-o.moved {
		return fmt.Errorf("of %d pods %d are left as they were, want %d at least", o.pods, old, o.pods-o.moved)
	}
	return nil
}
