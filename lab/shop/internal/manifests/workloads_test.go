// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// object holds the fields that the tests read.
type object struct {
	raw      map[string]any
	Kind     string
	Metadata struct {
		Name, Namespace string
		Labels          map[string]string
	}
	Spec struct {
		Replicas       *int
		UpdateStrategy struct{ RollingUpdate map[string]int }
		HTTP           []struct{ Retries map[string]int }
		Template       struct {
			Spec struct {
				TerminationGracePeriodSeconds int
				Containers                    []struct {
					Args            []string
					SecurityContext struct{ RunAsUser int }
					Lifecycle       struct{ PreStop map[string]any }
				}
			}
		}
	}
}

func workloads(t *testing.T) (found []object) {
	t.Helper()
	text, _ := printShop(t, 100)
	for _, o := range objects(t, text) {
		inShop := strings.HasPrefix(o.Metadata.Namespace, "shop-")
		if inShop && slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet"}, o.Kind) {
			found = append(found, o)
		}
	}
	return found
}

func TestAllServicesButRatesDrain(t *testing.T) {
	drains := map[string]bool{}
	for _, o := range workloads(t) {
		drains[o.Metadata.Name] = o.Spec.Template.Spec.Containers[0].Lifecycle.PreStop != nil
	}
	want := map[string]bool{"web": true, "cart-v1": true, "cart-v2": true, "catalog": true, "notes": true, "ledger": true, "rates": false}
	if diff := cmp.Diff(want, drains); diff != "" {
		t.Error(diff)
	}
}

func TestWorkloadsHaveReplicas(t *testing.T) {
	for _, o := range workloads(t) {
		switch o.Kind {
		case "DaemonSet":
			want := map[string]int{"maxSurge": 1, "maxUnavailable": 0}
			if diff := cmp.Diff(want, o.Spec.UpdateStrategy.RollingUpdate); diff != "" {
				t.Errorf("%s: %s", o.Metadata.Name, diff)
			}
		default:
			if o.Spec.Replicas == nil || *o.Spec.Replicas < 2 {
				t.Errorf("%s: got fewer than 2 replicas", o.Metadata.Name)
			}
		}
	}
}

// The preStop hook, the service and the proxy's drain take 5 s each.
func TestGracePeriodAllowsDraining(t *testing.T) {
	for _, o := range workloads(t) {
		if got := o.Spec.Template.Spec.TerminationGracePeriodSeconds; got < 20 {
			t.Errorf("%s: got a grace period of %d s, want at least 20", o.Metadata.Name, got)
		}
	}
}

func TestServicesDoNotRunAsIstioUser(t *testing.T) {
	for _, o := range workloads(t) {
		if got := o.Spec.Template.Spec.Containers[0].SecurityContext.RunAsUser; got == 0 || got == 1337 {
			t.Errorf("%s: got user %d, want neither root nor 1337", o.Metadata.Name, got)
		}
	}
}

func TestRoutesDoNotRetry(t *testing.T) {
	text, _ := printShop(t, 100)
	routes := 0
	for _, o := range objects(t, text) {
		if o.Kind != "VirtualService" {
			continue
		}
		for _, route := range o.Spec.HTTP {
			routes++
			if attempts, set := route.Retries["attempts"]; !set || attempts != 0 {
				t.Errorf("%s: got a route with retries, want none", o.Metadata.Name)
			}
		}
	}
	if routes < 8 {
		t.Errorf("got %d routes, want at least 8", routes)
	}
}

func TestNamespacesUseBothInjectionLabels(t *testing.T) {
	text, _ := printShop(t, 100)
	bound := map[string]map[string]string{}
	for _, o := range objects(t, text) {
		if o.Kind == "Namespace" {
			bound[o.Metadata.Name] = o.Metadata.Labels
		}
	}
	want := map[string]map[string]string{
		"shop-web": {"istio.io/rev": "1-29-1"}, "shop-core": {"istio.io/rev": "1-29-1"},
		"shop-data": {"istio-injection": "enabled"}, "outside": nil, "load": nil,
	}
	if diff := cmp.Diff(want, bound); diff != "" {
		t.Error(diff)
	}
}
