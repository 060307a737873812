// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	quantity "k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestTrialBeforeAdoption tries one pod of each workload before its namespace is
// relabelled.
func TestTrialBeforeAdoption(t *testing.T) {
	l := hollow(t, "one pod of each workload is tried on the new revision, in its Services, before its namespace is relabelled, and is taken away")
	l.target(t, "")
	before := l.snapshot(t, bindings())
	args := moving("--to", newRevision, "--soak", "0s", "--trial", "in-service")
	planned := l.rerig(t, planning(args)...)
	planned.exits(t, exitDone)
	for _, wl := range shopWorkloads {
		planned.says(t, "trial "+wl+" 1 trial pod on "+newRevision+", in-service")
	}
	l.snapshot(t, bindings()).same(t, "a plan", before)

	seen := l.watchTrials(t)
	g := newGate(t, l.config)
	pause := g.pauseAt(t, labels("shop-data"))
	p := start(t, g.kubeconfig, args...)
	p.hears(t, "creating a trial pod of Deployment shop-web/web", longest)
	eventually(t, time.Minute, func() error {
		if s := l.rerig(t, "status"); !strings.Contains(unfolded(s.text), "Deployment shop-web/web 1-31-0 in-service serving") {
			return fmt.Errorf("status does not show the trial pod:\n%s", s.text)
		}
		return nil
	})
	pause.await(t, p)
	l.untried(t)
	pause.proceed()
	e := p.end(t, longest)
	e.exits(t, exitDone)
	e.says(t, "trial of Deployment shop-web/web passed", "trial pod web-trial-")
	t.Logf("upgrade with trials: %s", short(e.took))
	l.untried(t)
	l.stands(t, all(newRevision))
	l.phase(t, "Completed")
	for _, wl := range shopWorkloads {
		seen.good(t, wl)
	}
	l.rerig(t, back()...).exits(t, exitDone)
	l.stands(t, all(oldRevision))
	l.snapshot(t, bindings()).ours().withoutStamps(t).same(t, "the way there and back", before.ours().withoutStamps(t))
}

// TestFailingTrial has trials fail: by what the proxy refuses, by what never gets
// ready, by a namespace without room.
func TestFailingTrial(t *testing.T) {
	l := hollow(t, "a trial that fails holds the run by its workload's name, with nothing relabelled, nothing restarted, and no trial pod left")
	l.target(t, "")
	args := moving("--to", newRevision, "-n", "shop-data", "--soak", "0s", "--trial", "out-of-service", "--ready-timeout", "12s", "--rollback-on-failure")
	held := func(name string, says ...string) {
		t.Helper()
		before := l.snapshot(t, bindings())
		e := l.rerig(t, args...)
		e.exits(t, exitHeld)
		e.says(t, says...)
		t.Logf("%s: held after %s", name, short(e.took))
		l.untried(t)
		l.labelled(t, all(oldRevision))
		l.snapshot(t, bindings()).same(t, name, before)
		l.phase(t, "Held")
	}
	l.annotate(t, "shop-data", map[string]any{"lab.rerig.dev/reject": "lds@" + newRevision})
	held("configuration refused", "CheckFailed", "shop-data/", "rejected the LDS", "rates-trial-")
	l.annotate(t, "shop-data", map[string]any{"lab.rerig.dev/reject": nil})

	unready := func(value any) {
		l.merge(t, deployments, "shop-data", "rates", map[string]any{"spec": map[string]any{"template": map[string]any{"metadata": map[string]any{"annotations": map[string]any{"lab.rerig.dev/not-ready": value}}}}})
		l.settles(t, all(oldRevision))
	}
	unready("true@" + newRevision)
	held("never ready", "TimedOut", "Deployment shop-data/rates", "trial pod rates-trial-", "(waited 12s)")
	unready(nil)

	quotas := l.core.ResourceQuotas("shop-data")
	pods, err := l.core.Pods("shop-data").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	none := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "full"}, Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: *quantity.NewQuantity(int64(len(pods.Items)), quantity.DecimalSI)}}}
	if _, err := quotas.Create(t.Context(), none, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = quotas.Delete(context.Background(), "full", metav1.DeleteOptions{}) })
	eventually(t, time.Minute, func() error {
		q, err := quotas.Get(t.Context(), "full", metav1.GetOptions{})
		if err == nil && q.Status.Used.Pods().Cmp(*q.Spec.Hard.Pods()) != 0 {
			err = fmt.Errorf("the quota counts %s pods", q.Status.Used.Pods())
		}
		return err
	})
	held("no room", "CheckFailed", "shop-data/", "exceeded quota: full")
	if err := quotas.Delete(t.Context(), "full", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}

	l.rerig(t, args...).exits(t, exitDone)
	l.untried(t)
	l.labelled(t, stand{"shop-web": oldRevision, "shop-data": newRevision, "shop-core": oldRevision})
}

// TestKilledInTrial kills rerig after each of its writes, and has it go on; and
// kills it in a trial, and has the run taken back, or its record deleted.
func TestKilledInTrial(t *testing.T) {
	l := hollow(t, "killed with SIGKILL after each write of a trial, and gone on with, taken back, or deleted: no trial pod is left")
	before := l.snapshot(t, bindings())
	l.target(t, "")
	g := newGate(t, l.config)
	args := moving("--to", newRevision, "-n", "shop-data", "--soak", "0s", "--trial", "in-service", "--lease-duration", lease)
	for _, at := range trialWrites {
		w, e := g.life(t, args, at)
		if w == nil {
			t.Fatalf("it was not killed in time; it said:\n%s", e.text)
		}
		g.open()
		time.Sleep(outlived)
		start(t, g.kubeconfig, back("--lease-duration", lease)...).end(t, longest).exits(t, exitDone)
		l.untried(t)
		l.phase(t, "RolledBack")
		l.snapshot(t, bindings()).ours().same(t, "killed after "+w.String()+" and rolled back", before)
	}
	if w, e := g.life(t, args, trialWrites[2]); w == nil {
		t.Fatalf("it was not killed in time; it said:\n%s", e.text)
	}
	l.forget(t)
	eventually(t, 30*time.Second, func() error { return l.trace(t) })

	began := time.Now()
	kills := g.lives(t, args)
	t.Logf("forward: %d kills in %s", len(kills), short(time.Since(began)))
	for i, at := range trialWrites {
		n := 0
		for _, w := range kills {
			if at(w) {
				n++
			}
		}
		if n < 2 {
			t.Errorf("killed after %d writes of sort %d to trial pods of two workloads:\n%s", n, i, lines(kills))
		}
	}
	l.untried(t)
	l.labelled(t, stand{"shop-web": oldRevision, "shop-data": newRevision, "shop-core": oldRevision})
	l.phase(t, "Completed")
}

// trialWrites tell the writes of a trial: the pod is made, let to a node, let
// serve (and no longer), deleted.
var trialWrites = []func(write) bool{
	func(w write) bool { return w.method == "POST" && strings.HasSuffix(w.path, "/pods") },
	func(w write) bool {
		return w.method == "PATCH" && strings.Contains(w.path, "-trial-") && !strings.HasSuffix(w.path, "/status")
	},
	func(w write) bool {
		return w.method == "PATCH" && strings.Contains(w.path, "-trial-") && strings.HasSuffix(w.path, "/status")
	},
	func(w write) bool { return w.method == "DELETE" && strings.Contains(w.path, "-trial-") },
}

// trials are the trial pods that are there.
func (l *lab) trials(t *testing.T) []corev1.Pod {
	t.Helper()
	pods, err := l.core.Pods("").List(t.Context(), metav1.ListOptions{LabelSelector: "rerig.dev/trial"})
	if err != nil {
		t.Fatal(err)
	}
	return pods.Items
}

func (l *lab) trace(t *testing.T) error {
	t.Helper()
	for _, p := range l.trials(t) {
		return fmt.Errorf("trial pod %s/%s is left", p.Namespace, p.Name)
	}
	return nil
}

// untried demands that no trial pod is there.
func (l *lab) untried(t *testing.T) {
	t.Helper()
	if err := l.trace(t); err != nil {
		t.Error(err)
	}
}
