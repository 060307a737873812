// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ownLabelWorkloads are workloads of an unlabelled namespace, each bound by its own pod
// label.
var ownLabelWorkloads = func() string {
	head := func(version, kind, name, more string) string {
		return "---\napiVersion: " + version + "\nkind: " + kind + "\nmetadata: {name: " + name + ", namespace: own}\nspec:\n" + more +
			"  selector: {matchLabels: {app: " + name + "}}\n" +
			"  template: {metadata: {labels: {app: " + name + ", istio.io/rev: " + oldRevision +
			"}}, spec: {containers: [{name: app, image: docker.io/lab/app:1}]}}\n"
	}
	return "apiVersion: v1\nkind: Namespace\nmetadata: {name: own}\n" +
		head("apps/v1", "Deployment", "web", "  replicas: 2\n") +
		head("apps/v1", "StatefulSet", "ondelete", "  replicas: 2\n  serviceName: x\n  updateStrategy: {type: OnDelete}\n") +
		head("apps/v1", "StatefulSet", "partition",
			"  replicas: 2\n  serviceName: x\n  updateStrategy: {rollingUpdate: {partition: 1}}\n") +
		head("apps/v1", "DaemonSet", "byhand", "  updateStrategy: {type: OnDelete}\n") +
		head("apps/v1", "ReplicaSet", "bare", "  replicas: 2\n") +
		head("argoproj.io/v1alpha1", "Rollout", "canary",
			"  replicas: 2\n  strategy: {canary: {steps: [{setWeight: 50}, {pause: {duration: 2s}}]}}\n")
}()

var ownLabelPods = map[string]int{"web": 2, "ondelete": 2, "partition": 2, "byhand": 3, "bare": 2, "canary": 2}

// moveOwnLabels moves workloads that their own pod label binds: the label is written
// into each template, and restored, also where a budget refuses the first eviction.
func (l *lab) moveOwnLabels(t *testing.T) {
	l.deleteRecords(t)
	l.kubectl(t, "apply", "-f", tempFile(t, ownLabelWorkloads))
	eventually(t, runTimeout, func() error { return l.checkOwn(t, placement{}) })
	before := l.ownTemplateLabels(t)

	args := []string{"--to", newRevision, "-n", "own", "--soak", "0s", "--name", "own", "--ready-timeout", "10s"}
	planned := l.rerig(t, append([]string{"plan"}, args...)...)
	planned.requireExit(t, exitDone)
	planned.requireOutput(t, "Blockers: not moved", "StatefulSet own/partition", "a partition keeps pods",
		"with its steps, pauses and analysis")
	l.rerig(t, upgradeArgs(args...)...).requireExit(t, exitDone)
	if err := l.checkOwn(t, placement{"web": newRevision, "ondelete": newRevision, "byhand": newRevision, "bare": newRevision,
		"canary": newRevision}); err != nil {
		t.Error(err)
	}
	for key, text := range l.ownTemplateLabels(t) {
		if want := `"istio.io/rev":"` + newRevision + `"`; strings.Contains(text, want) == (key == "statefulset/partition") {
			t.Errorf("the template of %s is %s", key, text)
		}
	}
	l.rerig(t, rollbackArgs("own")...).requireExit(t, exitDone)
	l.requireOwnRestored(t, before)

	l.kubectl(t, "apply", "-f", tempFile(t, strings.NewReplacer("held", "own", "app: x", "app: bare").Replace(strings.TrimPrefix(budget,
		"---\n"))))
	eventually(t, runTimeout, func() error {
		if n := l.kubectl(t, "-n", "own", "get", "pdb", "strict", "-o", "jsonpath={.status.currentHealthy}"); n != "2" {
			return fmt.Errorf("the budget has seen %q pods", n)
		}
		return nil
	})
	held := l.rerig(t, upgradeArgs(args...)...)
	held.requireExit(t, exitHeld)
	held.requireOutput(t, "TimedOut", "ReplicaSet own/bare", "The disruption budget strict")
	l.rerig(t, rollbackArgs("own")...).requireExit(t, exitDone)
	l.requireOwnRestored(t, before)
}

func (l *lab) requireOwnRestored(t *testing.T, before map[string]string) {
	t.Helper()
	if err := l.checkOwn(t, placement{}); err != nil {
		t.Error(err)
	}
	for key, text := range l.ownTemplateLabels(t) {
		if text != before[key] {
			t.Errorf("the template of %s was %s and is %s", key, before[key], text)
		}
	}
}

// ownTemplateLabels returns the labels of the templates, by kind and name.
func (l *lab) ownTemplateLabels(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, key := range []string{"deployment/web", "statefulset/ondelete", "statefulset/partition", "daemonset/byhand",
		"replicaset/bare", "rollout/canary"} {
		found[key] = l.kubectl(t, "-n", "own", "get", key, "-o", "jsonpath={.spec.template.metadata.labels}")
	}
	return found
}

// checkOwn returns an error until each workload has its pods on the wanted revision: the
// old one where want has none.
func (l *lab) checkOwn(t *testing.T, want placement) error {
	pods, err := l.core.Pods("own").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		return err
	}
	left := maps.Clone(ownLabelPods)
	for _, p := range pods.Items {
		app := p.Labels["app"]
		revision := want[app]
		if revision == "" {
			revision = oldRevision
		}
		switch {
		case p.DeletionTimestamp != nil:
		case sidecar(p) != revision:
			return fmt.Errorf("pod %s is on %q, want %s", p.Name, sidecar(p), revision)
		default:
			left[app]--
		}
	}
	for app, n := range left {
		if n != 0 {
			return fmt.Errorf("%s lacks %d pods", app, n)
		}
	}
	return nil
}
