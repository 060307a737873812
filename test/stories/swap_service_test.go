// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// TestServiceSelectsParkedPods has Services select parked pods: a new one, and the
// application's own with another selector.
func TestServiceSelectsParkedPods(t *testing.T) {
	l := targetLab(t, "a new Service, or one with another selector, selects parked pods: they are parked again before they are deleted, "+
		"no serving pod is deleted, nothing is left; or they are reattached")
	s := l.createSwapApp(t)
	l.patch(t, deployments, s.ns, "app", templateLabels(map[string]any{"tier": "front"}))
	s.waitRevision(t, oldRevision)
	before := s.serving(t)

	s.parkPods(t)
	comes := object("v1", "Service", s.ns, "comes")
	comes["spec"] = map[string]any{"selector": map[string]any{"tier": "front"}, "ports": []any{map[string]any{"port": int64(90),
		"targetPort": int64(9090)}}}
	services, _ := s.apply(t, "services", comes)
	s.waitEndpoints(t, "comes", 4)
	l.waitLeaseExpired(t)
	s.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
	s.waitEndpoints(t, "comes", 2)
	if err := services.Delete(t.Context(), "comes", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.requireRevision(t, oldRevision)
	if now := s.serving(t); !slices.Equal(now, before) {
		t.Errorf("these pods serve: %v; before it were: %v", now, before)
	}

	s.parkPods(t)
	l.patch(t, resource("", "v1", "services"), s.ns, "app", map[string]any{"spec": map[string]any{"selector": map[string]any{"app": nil,
		"tier": "front"}}})
	s.waitEndpoints(t, "app", 4)
	serving := s.serving(t)
	l.waitLeaseExpired(t)
	s.requireParkedAgain(t, serving)
	s.waitEndpoints(t, "app", 2)
	s.requireRevision(t, newRevision)
	if err := s.checkServing(t, serving); err != nil {
		t.Error(err)
	}
}

// requireParkedAgain continues the run, and requires that each parked pod is parked
// again before it is deleted.
func (s swapApp) requireParkedAgain(t *testing.T, serving []string) {
	t.Helper()
	g := newGate(t, s.config)
	pause := g.pauseAt(t, func(w write) bool { return s.isPodWrite(w) && w.method == "DELETE" })
	p := start(t, g.kubeconfig, s.upgradeArgs("--soak", "1s")...)
	pause.waitReached(t, p)
	if err := s.checkEndpoints(t, "app", 2); err != nil {
		t.Errorf("a parked pod was ended: %v", err)
	}
	if err := s.checkServing(t, serving); err != nil {
		t.Error(err)
	}
	pause.proceed()
	p.end(t, runTimeout).requireExit(t, exitDone)
	parked := 0
	for _, w := range g.written() {
		if s.isPodWrite(w) && w.method == "PATCH" {
			parked++
		}
	}
	if parked < 2 {
		t.Errorf("%d writes to pods that lived on, want two that were parked again:\n%s", parked, formatWrites(g.written()))
	}
}

// waitEndpoints waits until a Service has that many ready endpoints.
func (s swapApp) waitEndpoints(t *testing.T, service string, n int) {
	t.Helper()
	eventually(t, 30*time.Second, func() error { return s.checkEndpoints(t, service, n) })
}

// checkEndpoints compares the number of ready endpoints of a Service.
func (s swapApp) checkEndpoints(t *testing.T, service string, n int) error {
	t.Helper()
	var pods []string
	for _, o := range s.list(t.Context(), t, resource("discovery.k8s.io", "v1", "endpointslices"),
		discoveryv1.LabelServiceName+"="+service) {
		var slice discoveryv1.EndpointSlice
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &slice); err != nil {
			t.Fatal(err)
		}
		for _, e := range slice.Endpoints {
			if slice.Namespace == s.ns && e.TargetRef != nil && e.Conditions.Ready != nil && *e.Conditions.Ready {
				pods = append(pods, e.TargetRef.Name)
			}
		}
	}
	if slices.Sort(pods); len(pods) != n {
		return fmt.Errorf("Service %s leads to %d pods, want %d: %s", service, len(pods), n, strings.Join(pods, ", "))
	}
	return nil
}
