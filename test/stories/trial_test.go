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

// TestTrialBeforeRelabelling creates a trial pod of each workload before its namespace
// is relabelled.
func TestTrialBeforeRelabelling(t *testing.T) {
	l := targetLab(t, "a trial pod of each workload on the new revision, in its Services, before its namespace is relabelled; then it is "+
		"deleted")
	before := l.snapshot(t, bindingFields())
	args := upgradeArgs("--to", newRevision, "--soak", "0s", "--trial", "in-service", "--waves", "1")
	planned := l.rerig(t, planArgs(args)...)
	planned.requireExit(t, exitDone)
	for _, wl := range shopWorkloads {
		planned.requireOutput(t, "trial "+wl+" 1 trial pod on "+newRevision+", in-service")
	}
	l.snapshot(t, bindingFields()).requireSame(t, "a plan", before)

	seen := l.watchTrials(t)
	g := newGate(t, l.config)
	pause := g.pauseAt(t, labelOf("shop-data"))
	p := start(t, g.kubeconfig, args...)
	p.waitOutput(t, "creating a trial pod of Deployment shop-web/web", runTimeout)
	eventually(t, time.Minute, func() error {
		if s := l.rerig(t, "status"); !strings.Contains(unwrap(s.text), "Deployment shop-web/web 1-31-0 in-service serving") {
			return fmt.Errorf("status does not show the trial pod:\n%s", s.text)
		}
		return nil
	})
	pause.waitReached(t, p)
	l.requireNoTrials(t)
	pause.proceed()
	e := p.end(t, runTimeout)
	e.requireExit(t, exitDone)
	e.requireOutput(t, "trial of Deployment shop-web/web passed", "trial pod web-trial-")
	t.Logf("upgrade with trials: %s", short(e.took))
	l.requireNoTrials(t)
	l.requirePlacement(t, everywhere(newRevision))
	l.requirePhase(t, "Completed")
	for _, wl := range shopWorkloads {
		seen.requireServed(t, wl)
	}
	l.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
	l.requirePlacement(t, everywhere(oldRevision))
	l.snapshot(t, bindingFields()).withoutTarget().withoutRestarts(t).requireSame(t, "upgrade and rollback",
		before.withoutTarget().withoutRestarts(t))
}

// TestFailingTrial has trials fail: the proxy rejects its configuration, the pod never
// gets ready, the namespace's quota is full.
func TestFailingTrial(t *testing.T) {
	l := targetLab(t, "a failing trial holds the run and names the workload, with nothing relabelled, nothing restarted, and no trial "+
		"pod left")
	args := upgradeArgs("--to", newRevision, "-n", "shop-data", "--soak", "0s", "--trial", "out-of-service", "--ready-timeout", "12s",
		"--rollback-on-failure")
	held := func(name string, says ...string) {
		t.Helper()
		before := l.snapshot(t, bindingFields())
		e := l.rerig(t, args...)
		e.requireExit(t, exitHeld)
		e.requireOutput(t, says...)
		t.Logf("%s: held after %s", name, short(e.took))
		l.requireNoTrials(t)
		l.requireLabels(t, everywhere(oldRevision))
		l.snapshot(t, bindingFields()).requireSame(t, name, before)
		l.requirePhase(t, "Held")
	}
	l.annotate(t, "shop-data", map[string]any{"lab.rerig.dev/reject": "lds@" + newRevision})
	held("configuration refused", "CheckFailed", "shop-data/", "rejected the LDS", "rates-trial-")
	l.annotate(t, "shop-data", map[string]any{"lab.rerig.dev/reject": nil})

	unready := func(value any) {
		l.patch(t, deployments, "shop-data", "rates", templateAnnotations(map[string]any{"lab.rerig.dev/not-ready": value}))
		l.waitPlacement(t, everywhere(oldRevision))
	}
	unready("true@" + newRevision)
	held("never ready", "TimedOut", "Deployment shop-data/rates", "trial pod rates-trial-", "(waited 12s)")
	unready(nil)

	quotas := l.core.ResourceQuotas("shop-data")
	pods, err := l.core.Pods("shop-data").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	none := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "full"},
		Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: *quantity.NewQuantity(int64(len(pods.Items)),
			quantity.DecimalSI)}}}
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
	held("no capacity", "CheckFailed", "shop-data/", "exceeded quota: full")
	if err := quotas.Delete(t.Context(), "full", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}

	l.rerig(t, args...).requireExit(t, exitDone)
	l.requireNoTrials(t)
	l.requireLabels(t, placement{"shop-web": oldRevision, "shop-data": newRevision, "shop-core": oldRevision})
}

// TestKilledDuringTrial kills rerig while a trial pod serves, and runs it again; and
// kills it there, and deletes the record.
func TestKilledDuringTrial(t *testing.T) {
	l := targetLab(t, "killed while a trial pod serves, and run again, or its record deleted: no trial pod is left")
	g := newGate(t, l.config)
	args := upgradeArgs("--to", newRevision, "-n", "shop-data", "--soak", "0s", "--trial", "in-service", "--lease-duration", lease)
	serves := trialWrites[2]
	g.killAt(t, args, serves)
	l.deleteRecord(t)
	l.waitNoTrials(t)
	l.waitLeaseExpired(t)

	g.killAt(t, args, serves)
	start(t, g.kubeconfig, args...).end(t, runTimeout).requireExit(t, exitDone)
	l.requireNoTrials(t)
	l.requireLabels(t, placement{"shop-web": oldRevision, "shop-data": newRevision, "shop-core": oldRevision})
	l.requirePhase(t, "Completed")
}

// TestTrialKilledAtEveryWrite kills rerig after each of its writes, and runs it again;
// and kills it after each write of a trial, and rolls back, or deletes the record.
func TestTrialKilledAtEveryWrite(t *testing.T) {
	l := targetLab(t, "killed after each write of a trial, and run again, rolled back, or deleted: no trial pod is left")
	before := l.snapshot(t, bindingFields())
	g := newGate(t, l.config)
	args := upgradeArgs("--to", newRevision, "-n", "shop-data", "--soak", "0s", "--trial", "in-service", "--lease-duration", lease)
	for _, at := range trialWrites {
		w, e := g.runUntil(t, args, at)
		if w == nil {
			t.Fatalf("it was not killed in time; output:\n%s", e.text)
		}
		g.open()
		l.waitLeaseExpired(t)
		start(t, g.kubeconfig, rollbackArgs("--lease-duration", lease)...).end(t, runTimeout).requireExit(t, exitDone)
		l.requireNoTrials(t)
		l.requirePhase(t, "RolledBack")
		l.snapshot(t, bindingFields()).withoutTarget().requireSame(t, "killed after "+w.String()+" and rolled back", before.withoutTarget())
	}
	g.killAt(t, args, trialWrites[2])
	l.deleteRecord(t)
	l.waitNoTrials(t)
	l.waitLeaseExpired(t)

	began := time.Now()
	kills := g.killAtEachWrite(t, args)
	t.Logf("forward: %d kills in %s", len(kills), short(time.Since(began)))
	for i, at := range trialWrites {
		n := 0
		for _, w := range kills {
			if at(w) {
				n++
			}
		}
		if n < 2 {
			t.Errorf("killed after %d writes of sort %d to trial pods of two workloads:\n%s", n, i, formatWrites(kills))
		}
	}
	l.requireNoTrials(t)
	l.requireLabels(t, placement{"shop-web": oldRevision, "shop-data": newRevision, "shop-core": oldRevision})
	l.requirePhase(t, "Completed")
}

// trialWrites match the writes of a trial: the pod is created, bound to a node, put into
// service and out of it, deleted.
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

// trialPods returns the trial pods.
func (l *lab) trialPods(t *testing.T) []corev1.Pod {
	t.Helper()
	pods, err := l.core.Pods("").List(t.Context(), metav1.ListOptions{LabelSelector: "rerig.dev/trial"})
	if err != nil {
		t.Fatal(err)
	}
	return pods.Items
}

// trialLeftovers returns an error if a trial pod exists.
func (l *lab) trialLeftovers(t *testing.T) error {
	t.Helper()
	for _, p := range l.trialPods(t) {
		return fmt.Errorf("trial pod %s/%s is left", p.Namespace, p.Name)
	}
	return nil
}

// waitNoTrials waits until the garbage collector has deleted the trial pods of a deleted
// record. It looks for new definitions every 30 s, and the run has just created that of
// the record.
func (l *lab) waitNoTrials(t *testing.T) {
	t.Helper()
	eventually(t, 2*time.Minute, func() error { return l.trialLeftovers(t) })
}

// requireNoTrials requires that no trial pod exists.
func (l *lab) requireNoTrials(t *testing.T) {
	t.Helper()
	if err := l.trialLeftovers(t); err != nil {
		t.Error(err)
	}
}
