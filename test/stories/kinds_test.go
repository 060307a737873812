// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// movedKinds are the workloads of testdata/kinds.yaml that move, and the strategy of
// each.
var movedKinds = map[string]string{
	"Deployment kinds/web": "restart", "Deployment kinds/pinned": "restart", "StatefulSet kinds/rolling": "restart",
	"DaemonSet kinds/away": "restart", "DaemonSet kinds/surge": "restart",
	"Rollout kinds/canary": "field", "Rollout kinds/borrower": "field", "Crew kinds/crew": "field",
	"StatefulSet kinds/partition": "evict", "StatefulSet kinds/ondelete": "evict", "DaemonSet kinds/byhand": "evict",
	"ReplicaSet kinds/bare": "evict", "ReplicationController kinds/old": "evict", "Deployment kinds/paused": "evict",
}

// unmovedKinds are the workloads that stay.
var unmovedKinds = []string{"nightly", "long", "alone", "changed"}

// rules are strategies that the user chooses for two workloads.
var rules = []string{"--workload", "Crew */*=field:spec.renewedAt", "--workload", "Deployment kinds/paused=evict"}

// TestEveryKind upgrades a mesh with a workload of each kind, and rolls it back.
func TestEveryKind(t *testing.T) {
	l := ownLab(t, "a workload of each kind in one mesh: each moves by its own strategy, or is named with a remedy; and back", "kinds",
		"--no-shop", "--rollouts")
	l.installTarget(t, "")
	l.createKinds(t)

	plain := l.rerig(t, "plan", "--to", newRevision, "--soak", "0s")
	plain.requireExit(t, exitDone)
	plain.requireOutput(t, "Blockers: not moved", "Crew kinds/crew", "unknown kind Crew",
		"--workload 'Crew kinds/crew=evict'",
		"Deployment kinds/paused", "kubectl rollout resume deployment/paused -n kinds",
		"Deployment kinds/injected", "injected by hand", "istioctl kube-inject --revision",
		"Pod kinds/alone", "it would not be re-created", "StatefulSet kinds/changed", "its template is newer than its pods",
		"Exemptions", "Job kinds/long", "it ends when it completes, and at the latest at", "CronJob kinds/nightly",
		"the pods of its next Job are injected by the new revision", "its running Jobs keep their sidecars: each ends when it completes",
		"Deployment kinds/host", "hostNetwork pods are never injected", "Nothing to verify", "Deployment kinds/zero",
		"Deployment kinds/lender",
		"At the maximum of the autoscaler", "Deployment kinds/web HorizontalPodAutoscaler web, at most 2",
		"Proxy settings that stay", "sidecar.istio.io/proxyImage=docker.io/lab/proxyv2:1.29.1",
		"Strategies", "spec.restartAt", "evict StatefulSet kinds/partition", "evict ReplicaSet kinds/bare", "evict DaemonSet kinds/byhand")
	if strings.Contains(plain.text, "restart Crew") || strings.Contains(plain.text, "evict Deployment kinds/paused") {
		t.Errorf("it would move what nobody gave it a rule for:\n%s", plain.text)
	}

	before := l.kindTemplates(t)
	forward := l.rerig(t, upgradeArgs(append(rules, "--to", newRevision, "--soak", "0s")...)...)
	forward.requireExit(t, exitDone)
	forward.requireOutput(t, "restarted Rollout kinds/canary", "restarted Crew kinds/crew",
		"evicted pod partition-2 of StatefulSet kinds/partition")
	t.Logf("forward in %s", short(forward.took))
	l.requireKinds(t, newRevision)
	l.requireTemplates(t, before)

	returned := l.rerig(t, rollbackArgs()...)
	returned.requireExit(t, exitDone)
	t.Logf("back in %s", short(returned.took))
	l.requireKinds(t, oldRevision)
	l.requireTemplates(t, before)
	t.Run("killed", func(t *testing.T) { l.killKinds(t, before, []string{"partition-1/eviction"}) })
	l.runObstacles(t)
	t.Run("paused in the middle", l.pauseDuringRollout)
	t.Run("made OnDelete in the middle", l.onDeleteDuringRun)
	t.Run("bound by their own labels", l.moveOwnLabels)
}

// createKinds creates the workloads and waits for all of them.
func (l *lab) createKinds(t *testing.T) {
	t.Helper()
	l.kubectl(t, "apply", "-f", "testdata/kinds.yaml")
	l.kubectl(t, "wait", "--for=condition=Established", "crd/crews.lab.example")
	l.kubectl(t, "apply", "-f", tempFile(t, "{apiVersion: lab.example/v1, kind: Crew, metadata: {name: crew, namespace: kinds}, spec: "+
		"{replicas: 2}}"))
	l.kubectl(t, "-n", "kinds", "create", "job", "nightly-now", "--from=cronjob/nightly")
	runCrewController(t, l)
	eventually(t, 2*time.Minute, func() error { return l.checkKinds(t, oldRevision) })
	eventually(t, time.Minute, func() error {
		if n := l.kubectl(t, "-n", "kinds", "get", "hpa", "web", "-o", "jsonpath={.status.currentReplicas}"); n != "2" {
			return fmt.Errorf("the autoscaler has seen %q pods", n)
		}
		return nil
	})
	l.kubectl(t, "-n", "kinds", "rollout", "pause", "deployment/paused")
	l.kubectl(t, "-n", "kinds", "patch", "statefulset", "changed", "--type=merge", "-p",
		`{"spec":{"template":{"metadata":{"annotations":{"new":"yes"}}}}}`)
}

func (l *lab) kubectl(t *testing.T, args ...string) string {
	t.Helper()
	return output(t, []string{"KUBECONFIG=" + l.kubeconfig}, strings.TrimSpace(runLab(t, "path", "kubectl")), args...)
}

// checkKinds returns an error until every workload that moves has ready pods on a
// revision, and every other workload has its old pods.
func (l *lab) checkKinds(t *testing.T, revision string) error {
	pods, err := l.core.Pods("kinds").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		return err
	}
	by := map[string][]corev1.Pod{}
	for _, p := range pods.Items {
		if p.DeletionTimestamp == nil {
			by[p.Labels["app"]] = append(by[p.Labels["app"]], p)
		}
	}
	for key := range movedKinds {
		_, name, _ := strings.Cut(key, "/")
		want := map[string]int{"pinned": 1, "partition": 3, "away": 3, "surge": 3, "byhand": 3}[name]
		if len(by[name]) != max(want, 2) && want != 1 || len(by[name]) == 0 {
			return fmt.Errorf("%s has %d pods", key, len(by[name]))
		}
		for _, p := range by[name] {
			if sidecar(p) != revision || !slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
				return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
			}) {
				return fmt.Errorf("pod %s of %s is on %q, want %s, ready", p.Name, key, sidecar(p), revision)
			}
		}
	}
	for _, name := range unmovedKinds {
		if len(by[name]) == 0 {
			return fmt.Errorf("%s has no pods", name)
		}
		for _, p := range by[name] {
			if sidecar(p) != oldRevision {
				return fmt.Errorf("pod %s is on %q, and was to stay", p.Name, sidecar(p))
			}
		}
	}
	return nil
}

func (l *lab) requireKinds(t *testing.T, revision string) {
	t.Helper()
	if err := l.checkKinds(t, revision); err != nil {
		t.Error(err)
	}
}

// kindTemplates returns the pod templates of workloads that are moved without changing
// them.
func (l *lab) kindTemplates(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, key := range []string{"statefulset/partition", "statefulset/ondelete", "daemonset/byhand", "replicaset/bare",
		"replicationcontroller/old", "deployment/paused", "rollout/canary"} {
		found[key] = l.kubectl(t, "-n", "kinds", "get", key, "-o", "jsonpath={.spec.template}")
	}
	return found
}

func (l *lab) requireTemplates(t *testing.T, before map[string]string) {
	t.Helper()
	for key, now := range l.kindTemplates(t) {
		if now != before[key] {
			t.Errorf("the template of %s was %s and is %s", key, before[key], now)
		}
	}
}

// runCrewController acts as the controller of the kind Crew until the test ends: it
// keeps the wanted number of pods, and re-creates them when spec.renewedAt changes.
func runCrewController(t *testing.T, l *lab) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	t.Cleanup(func() { cancel(); <-done })
	kubectl := strings.TrimSpace(runLab(t, "path", "kubectl"))
	run := func(stdin string, args ...string) string {
		cmd := exec.CommandContext(ctx, kubectl, args...)
		cmd.Env, cmd.Stdin = append(os.Environ(), "KUBECONFIG="+l.kubeconfig), strings.NewReader(stdin)
		out, _ := cmd.Output() // the loop repeats it
		return string(out)
	}
	go func() {
		defer close(done)
		for ; ctx.Err() == nil; time.Sleep(500 * time.Millisecond) {
			at := strings.Split(run("", "-n", "kinds", "get", "crew", "crew", "-o", "jsonpath={.metadata.uid} {.spec.renewedAt}"), " ")
			if len(at) != 2 {
				continue
			}
			for i := range 2 {
				name := fmt.Sprintf("crew-%d", i)
				has := run("", "-n", "kinds", "get", "pod", name, "--ignore-not-found", "-o", "jsonpath={.metadata.annotations.renewed}x")
				if has != "" && has != at[1]+"x" {
					run("", "-n", "kinds", "delete", "pod", name, "--wait=true")
					has = ""
				}
				if has == "" {
					run(fmt.Sprintf(crewPod, name, at[1], at[0]), "create", "-f", "-")
				}
			}
		}
	}()
}

const crewPod = `apiVersion: v1
kind: Pod
metadata:
  name: %s
  namespace: kinds
  labels: {app: crew}
  annotations: {renewed: %q}
  ownerReferences: [{apiVersion: lab.example/v1, kind: Crew, name: crew, uid: %s, controller: true}]
spec: {containers: [{name: app, image: docker.io/lab/app:1}]}
`
