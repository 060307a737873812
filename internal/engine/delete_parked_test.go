// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// A Service is created while pods are parked and selects them by a label that they
// still have: no pod is deleted while it is an endpoint of it.
func TestParkedPodOfALaterServiceIsNotDeleted(t *testing.T) {
	t.Parallel()
	f := swapUpgrade()
	free := map[string]bool{} // pods without the label that the new Service selects
	leads := func(ns, pod string) bool { return !free[ns+"/"+pod] }
	f.onObserve = func(w *mesh.World) {
		for i := range w.Workloads {
			wl := &w.Workloads[i]
			if !slices.ContainsFunc(wl.Pods, func(p mesh.Pod) bool { return p.Swap.Place == mesh.Parked }) {
				continue
			}
			wl.Services = append(slices.Clone(wl.Services), mesh.Service{Name: "late", Selector: map[string]string{"tier": "front"}})
			wl.Template.Labels = maps.Clone(map[string]string{"app": wl.Name, "tier": "front"})
			wl.Pods = slices.Clone(wl.Pods)
			for j, p := range wl.Pods {
				if leads(wl.Namespace, p.Name) {
					wl.Pods[j].Endpoints = append(slices.Clone(p.Endpoints), "late")
				}
			}
		}
	}
	f.afterWrite = func(c step.Change) {
		if c.Kind == "Pod" && strings.Contains(string(c.Patch), `"tier":null`) {
			free[c.Namespace+"/"+c.Name] = true
		}
	}
	f.beforeWrite = func(c step.Change) error {
		if c.Kind == "Pod" && c.Verb == step.DeleteParkedPod && leads(c.Namespace, c.Name) {
			t.Errorf("pod %s/%s was deleted while it was an endpoint of Service late", c.Namespace, c.Name)
		}
		return nil
	}
	expect(t, f, Completed)
}

// When the replacements become unready while parked pods are deleted, the remaining
// parked pods stay: a rollback needs them.
func TestParkedPodsStayWhenReplacementsFail(t *testing.T) {
	t.Parallel()
	f := swapUpgrade()
	for i := range f.world.Workloads {
		wl := &f.world.Workloads[i]
		for n := range 48 {
			p := wl.Pods[0]
			p.Name = fmt.Sprint(wl.Name, "-m", n)
			p.UID = wl.Namespace + p.Name
			wl.Pods = append(wl.Pods, p)
		}
		wl.Replicas = len(wl.Pods)
	}
	f.intent.Soak, f.ledger = 0, step.Ledger{}
	f.approve()
	deleted := 0
	f.afterWrite = func(c step.Change) {
		if c.Verb != step.DeleteParkedPod || c.Kind != "Pod" {
			return
		}
		for i := range f.world.Workloads {
			for j := range f.world.Workloads[i].Pods {
				if p := &f.world.Workloads[i].Pods[j]; f.world.Workloads[i].Namespace == "a" && p.HasController {
					p.Ready, p.Endpoints, p.Problem = false, nil, "app: CrashLoopBackOff"
				}
			}
		}
		deleted++
	}
	expect(t, f, Held)
	if deleted > maxDrainsPerTurn {
		t.Errorf("got %d of 100 parked pods deleted after the replacements failed, want at most %d", deleted, maxDrainsPerTurn)
	}
}

// Two replacements of another revision hold the run. After the correction the same
// command continues.
func TestSwapContinuesAfterWrongReplacements(t *testing.T) {
	t.Parallel()
	f := swapUpgrade()
	f.afterWrite = func(step.Change) {
		for i := range f.world.Workloads {
			for j := range f.world.Workloads[i].Pods {
				if p := &f.world.Workloads[i].Pods[j]; f.world.Workloads[i].Ref() == "Deployment b/y" && strings.HasPrefix(p.Name, "y-new") {
					p.Sidecar.Revision = "1-29-1"
				}
			}
		}
	}
	expect(t, f, Held)
	wantHold(t, f, step.Hold{Reason: step.ReasonCheckFailed, Message: "has a sidecar of 1-29-1, not of 1-31-0"})
	f.afterWrite = nil
	expect(t, f, Completed)
}

// A policy that rejects parking is found before any pod is detached.
func TestParkingIsDryRunBeforeTheFirstPodIsDetached(t *testing.T) {
	t.Parallel()
	f := swapUpgrade()
	detached := 0
	f.beforeWrite = func(c step.Change) error {
		switch text := string(c.Patch); {
		case c.Kind == "Pod" && strings.Contains(text, `"app":null`):
			return fmt.Errorf("patch pod: %w: admission webhook \"validate.kyverno.svc\" denied the request: label app is required", ErrRefused)
		case c.Kind == "Pod":
			detached++
		}
		return nil
	}
	expect(t, f, Held)
	wantHold(t, f, step.Hold{Reason: step.ReasonWriteFailed, Message: "it could not be parked later"})
	f.intent.Rollback = true
	f.approve()
	outcome, _ := f.run()
	if outcome != RolledBack || f.leftovers() != nil || detached > 0 {
		t.Errorf("rollback: got outcome %q, left %v, %d pods detached, want %q and none; hold: %+v",
			outcome, f.leftovers(), detached, RolledBack, f.ledger.Held)
	}
}
