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

// A Service that comes while pods are parked, and selects them by a label that
// they kept: none of them is ended while it is an endpoint of it.
func TestParkedPodOfALaterServiceIsNotDeleted(t *testing.T) {
	t.Parallel()
	f := swapping()
	free := map[string]bool{} // pods that lost the label which the new Service selects by
	leads := func(ns, pod string) bool { return !free[ns+"/"+pod] }
	f.sees = func(w *mesh.World) {
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
	f.acted = func(c step.Change) {
		if c.Kind == "Pod" && strings.Contains(string(c.Patch), `"tier":null`) {
			free[c.Namespace+"/"+c.Name] = true
		}
	}
	f.cut = func(c step.Change) error {
		if c.Kind == "Pod" && c.Verb == step.DeleteKept && leads(c.Namespace, c.Name) {
			t.Errorf("pod %s/%s is ended while Service late leads to it", c.Namespace, c.Name)
		}
		return nil
	}
	expect(t, f, Completed)
}

// The new pods go bad while parked ones are being ended: the rest of these, which a
// way back needs, stay.
func TestParkedPodsStayWhenReplacementsFail(t *testing.T) {
	t.Parallel()
	f := swapping()
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
	f.agree()
	ended := 0
	f.acted = func(c step.Change) {
		if c.Verb != step.DeleteKept || c.Kind != "Pod" {
			return
		}
		for i := range f.world.Workloads {
			for j := range f.world.Workloads[i].Pods {
				if p := &f.world.Workloads[i].Pods[j]; f.world.Workloads[i].Namespace == "a" && p.HasController {
					p.Ready, p.Endpoints, p.Problem = false, nil, "app: CrashLoopBackOff"
				}
			}
		}
		ended++
	}
	expect(t, f, Held)
	if ended > maxDrainsPerTurn {
		t.Errorf("%d of 100 parked pods were ended by what one look had seen, though the new ones went bad with the first", ended)
	}
}

// Two wrong replacements hold the run; once it is mended, the same command goes on.
func TestSwapContinuesAfterWrongReplacements(t *testing.T) {
	t.Parallel()
	f := swapping()
	f.acted = func(step.Change) {
		for i := range f.world.Workloads {
			for j := range f.world.Workloads[i].Pods {
				if p := &f.world.Workloads[i].Pods[j]; f.world.Workloads[i].Ref() == "Deployment b/y" && strings.HasPrefix(p.Name, "y-new") {
					p.Sidecar.Revision = "1-29-1"
				}
			}
		}
	}
	expect(t, f, Held)
	if h := f.ledger.Held; h.Reason != checkFailed || !strings.Contains(h.Message, "carries a sidecar of 1-29-1, not of 1-31-0") {
		t.Fatalf("held with %+v", h)
	}
	f.acted = nil // mended
	expect(t, f, Completed)
}

// An admission policy that refuses what parking does is met before anything is released.
func TestParkingIsDryRunBeforeTheFirstPodIsDetached(t *testing.T) {
	t.Parallel()
	f := swapping()
	released := 0
	f.cut = func(c step.Change) error {
		switch text := string(c.Patch); {
		case c.Kind == "Pod" && strings.Contains(text, `"app":null`):
			return fmt.Errorf("patch pod: %w: admission webhook \"validate.kyverno.svc\" denied the request: label app is required", ErrRefused)
		case c.Kind == "Pod":
			released++
		}
		return nil
	}
	expect(t, f, Held)
	if h := f.ledger.Held; h.Reason != writeFailed || !strings.Contains(h.Message, "it could not be parked later") {
		t.Fatalf("held with %+v", h)
	}
	f.intent.Rollback = true
	f.agree()
	outcome, _ := f.run()
	if outcome != RolledBack || f.left() != nil || released > 0 {
		t.Errorf("the way back ends %q: %+v; left %v; %d pods released", outcome, f.ledger.Held, f.left(), released)
	}
}
