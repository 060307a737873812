// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"encoding/json"
	"fmt"
	"github.com/google/go-cmp/cmp"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// autoscaled reads a Deployment with an autoscaler for a metric, for a run that swaps or
// not. With "" the user may not list autoscalers.
func autoscaled(t *testing.T, metric string, swaps bool) mesh.Workload {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if metric == "" {
			w.WriteHeader(http.StatusForbidden)
			_ = json.NewEncoder(w).Encode(
				metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonForbidden, Code: http.StatusForbidden},
			)
			return
		}
		fmt.Fprintf(
			w,
			`{"kind":"HorizontalPodAutoscalerList","apiVersion":"autoscaling/v2","metadata":{},"items":[
			{"metadata":{"name":"many","namespace":"shop"},
			"spec":{"maxReplicas":9,"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"},"metrics":[%s]}}]}`,
			metric,
		)
	}))
	t.Cleanup(server.Close)
	c, l := connected(t, &rest.Config{Host: server.URL}), &observation{}
	l.found = shop(t, func(d *appsv1.Deployment, pods []corev1.Pod) {
		d.Spec.Template.Labels = map[string]string{"app": "web", "lead": "web"}
		d.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
		for i := range pods {
			pods[i].Labels = d.Spec.Template.Labels
		}
	}, serving("web", map[string]string{"lead": "web"}))
	c.Swaps = swaps
	if err := c.reader().readAutoscalers(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	return l.found.workloads()[0]
}

// An autoscaler that counts parked pods selects them by its Deployment's selector. It is
// not known whether one that may not be read does.
func TestAutoscalersCountParkedPods(t *testing.T) {
	const of = `{"type":"%s","%s":{%s"target":{"type":"%s","%s":"%s"}}}`
	resource := func(name string) string {
		return fmt.Sprintf(`{"type":"Resource","resource":{"name":"%s","target":{"type":"Utilization","averageUtilization":80}}}`, name)
	}
	ofContainer := func(name, value string) string {
		named := fmt.Sprintf(`"container":"app","name":"%s",`, name)
		return fmt.Sprintf(of, "ContainerResource", "containerResource", named, "AverageValue", "averageValue", value)
	}
	many := mesh.PodSelector{
		Subject:  "HorizontalPodAutoscaler shop/many",
		Part:     "the selector of Deployment shop/web",
		Effect:   mesh.ScalesPods,
		Selector: mesh.Selector{{Key: "app", Operator: mesh.In, Values: []string{"web"}}},
	}
	for _, c := range []struct {
		name   string
		metric string
		want   []mesh.PodSelector
	}{
		{"CPU", resource("cpu"), nil},
		{"memory", resource("memory"), []mesh.PodSelector{many}},
		{"CPU and memory", resource("cpu") + "," + resource("memory"), []mesh.PodSelector{many}},
		{"CPU of a container", ofContainer("cpu", "1"), nil},
		{"memory of a container", ofContainer("memory", "1Gi"), []mesh.PodSelector{many}},
		{"pods", fmt.Sprintf(of, "Pods", "pods", `"metric":{"name":"m"},`, "AverageValue", "averageValue", "9"), []mesh.PodSelector{many}},
		{"another object", fmt.Sprintf(of, "Object", "object", `"metric":{"name":"m"},`, "Value", "value", "9"), []mesh.PodSelector{many}},
		{"its part for each pod", fmt.Sprintf(of, "Object", "object", `"metric":{"name":"m"},`, "AverageValue", "averageValue", "9"), nil},
		{"from outside", fmt.Sprintf(of, "External", "external", `"metric":{"name":"m"},`, "Value", "value", "9"), []mesh.PodSelector{many}},
		{"from outside, each pod", fmt.Sprintf(of, "External", "external", `"metric":{"name":"m"},`, "AverageValue", "averageValue", "9"), nil},
		{"may not be listed", "", []mesh.PodSelector{{Subject: "HorizontalPodAutoscalers", Effect: mesh.NotListable}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			wl := autoscaled(t, c.metric, true)
			if diff := cmp.Diff(c.want, wl.Selectors); diff != "" {
				t.Errorf("what goes by its labels (-want +got):\n%s", diff)
			}
			if why := swap.Unfit(wl); strings.Contains(why, "HorizontalPodAutoscalers") != (c.metric == "") {
				t.Errorf("not swapped: %q", why)
			}
			if others := autoscaled(t, c.metric, false).Selectors; others != nil {
				t.Errorf("nothing is to be swapped, and read is %v", others)
			}
		})
	}
}
