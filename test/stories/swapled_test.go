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

// TestSwapLedToAgain has Services lead to pods that are parked: one that comes, and
// the application's own, which changes its selector.
func TestSwapLedToAgain(t *testing.T) {
	l := hollow(t, "a Service comes, or changes its selector, and leads to parked pods: they are parked anew before they end, nothing that serves ends, nothing is left; or they take their places back")
	l.target(t, "")
	s := l.swappedApp(t)
	l.merge(t, deployments, s.ns, "app", map[string]any{"spec": map[string]any{"template": map[string]any{"metadata": map[string]any{"labels": map[string]any{"tier": "front"}}}}})
	s.settles(t, oldRevision)
	before := s.serving(t)

	s.parks(t)
	comes := object("v1", "Service", s.ns, "comes")
	comes["spec"] = map[string]any{"selector": map[string]any{"tier": "front"}, "ports": []any{map[string]any{"port": int64(90), "targetPort": int64(9090)}}}
	services, _ := s.put(t, "services", comes)
	s.leads(t, "comes", 4)
	time.Sleep(outlived)
	s.rerig(t, back()...).exits(t, exitDone)
	s.leads(t, "comes", 2)
	if err := services.Delete(t.Context(), "comes", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.stands(t, oldRevision)
	if now := s.serving(t); !slices.Equal(now, before) {
		t.Errorf("these pods serve: %v; before it were: %v", now, before)
	}

	s.parks(t)
	l.merge(t, resource("", "v1", "services"), s.ns, "app", map[string]any{"spec": map[string]any{"selector": map[string]any{"app": nil, "tier": "front"}}})
	s.leads(t, "app", 4)
	serving := s.serving(t)
	time.Sleep(outlived)
	s.endsUnled(t, serving)
	s.leads(t, "app", 2)
	s.stands(t, newRevision)
	if err := s.alive(t, serving); err != nil {
		t.Error(err)
	}
}

// endsUnled has the run go on to its end, and demands that it parks each parked pod
// anew first: at the first write that ends one no Service leads to any.
func (s swapped) endsUnled(t *testing.T, serving []string) {
	t.Helper()
	g := newGate(t, s.config)
	pause := g.pauseAt(t, func(w write) bool { return s.touches(w) && w.method == "DELETE" })
	p := start(t, g.kubeconfig, s.moving("--soak", "1s")...)
	pause.await(t, p)
	if err := s.led(t, "app", 2); err != nil {
		t.Errorf("a parked pod was ended: %v", err)
	}
	if err := s.alive(t, serving); err != nil {
		t.Error(err)
	}
	pause.proceed()
	p.end(t, longest).exits(t, exitDone)
	parked := 0
	for _, w := range g.written() {
		if s.touches(w) && w.method == "PATCH" {
			parked++
		}
	}
	if parked < 2 {
		t.Errorf("%d writes to pods that lived on, want two that were parked anew:\n%s", parked, lines(g.written()))
	}
}

// leads waits until so many pods are ready endpoints of a Service.
func (s swapped) leads(t *testing.T, service string, n int) {
	t.Helper()
	eventually(t, 30*time.Second, func() error { return s.led(t, service, n) })
}

// led compares how many ready endpoints a Service has.
func (s swapped) led(t *testing.T, service string, n int) error {
	t.Helper()
	var pods []string
	for _, o := range s.list(t.Context(), t, resource("discovery.k8s.io", "v1", "endpointslices"), discoveryv1.LabelServiceName+"="+service) {
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
