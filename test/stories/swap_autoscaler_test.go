// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

var autoscalers = resource("autoscaling", "v2", "horizontalpodautoscalers")

// TestSwapUnderAutoscalers swaps a workload that a HorizontalPodAutoscaler watches, with
// metrics from the story.
func TestSwapUnderAutoscalers(t *testing.T) {
	l := targetLab(t, "an autoscaler by memory: parked pods lose its label too, or are not swapped where a policy selects by it; the "+
		"autoscaler keeps the Deployment's size")
	s := l.createSwapApp(t)
	l.patch(t, deployments, s.ns, "app", templateLabels(map[string]any{"tier": "front"}))
	l.patch(t, resource("", "v1", "services"), s.ns, "app", map[string]any{"spec": map[string]any{"selector": map[string]any{"app": nil,
		"tier": "front"}}})
	s.waitRevision(t, oldRevision)
	planned := func(says ...string) {
		t.Helper()
		e := s.rerig(t, "plan", "--to", newRevision, "-n", s.ns, "--strategy", "swap")
		e.requireExit(t, exitDone)
		e.requireOutput(t, says...)
	}

	policy := object("security.istio.io/v1", "AuthorizationPolicy", s.ns, "open")
	policy["spec"] = map[string]any{"selector": map[string]any{"matchLabels": map[string]any{"app": "app"}},
		"rules": []any{map[string]any{}}}
	policies, _ := s.apply(t, "authorizationpolicies", policy)
	s.setAutoscaler(t, "cpu", "50m")
	planned("swap Deployment swapped/app 2 pods")
	s.setAutoscaler(t, "memory", "100Mi")
	const why = "AuthorizationPolicy swapped/open selects by labels that a parked pod loses"
	const lost = "it has to lose app, or HorizontalPodAutoscaler swapped/app would count it"
	planned("restart Deployment swapped/app", why, lost)
	unfit := s.rerig(t, "plan", "--to", newRevision, "-n", s.ns, "--workload", "Deployment swapped/app=swap")
	unfit.requireExit(t, exitRefused)
	unfit.requireOutput(t, "choose the strategy of Deployment swapped/app", why, lost)
	if err := policies.Delete(t.Context(), "open", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	planned("swap Deployment swapped/app 2 pods")

	before := s.serving(t)
	s.parkPods(t)
	s.createMetrics(t)
	eventually(t, time.Minute, func() error { return s.checkAverage(t, "100Mi") })
	if d := s.deployment(t, s.ns, "app"); field(d, "spec", "replicas") != int64(2) {
		t.Errorf("the autoscaler has %v pods made", field(d, "spec", "replicas"))
	}
	s.rollBackTo(t, "back under an autoscaler", before)
}

// setAutoscaler creates an autoscaler by a resource of the application's pods.
func (s swapApp) setAutoscaler(t *testing.T, what, average string) {
	t.Helper()
	scaler := &unstructured.Unstructured{Object: object("autoscaling/v2", "HorizontalPodAutoscaler", s.ns, "app")}
	scaler.Object["spec"] = map[string]any{"minReplicas": int64(1), "maxReplicas": int64(6),
		"scaleTargetRef": map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "name": "app"},
		"metrics": []any{map[string]any{"type": "Resource", "resource": map[string]any{"name": what,
			"target": map[string]any{"type": "AverageValue", "averageValue": average}}}}}
	if _, err := s.objects.Resource(autoscalers).Namespace(s.ns).Apply(t.Context(), "app", scaler,
		metav1.ApplyOptions{FieldManager: "story", Force: true}); err != nil {
		t.Fatal(err)
	}
}

// createMetrics serves what the pods use, as a metrics server does: 100Mi each, a parked
// pod four times as much.
func (s swapApp) createMetrics(t *testing.T) {
	t.Helper()
	definition := object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "pods.metrics.k8s.io")
	definition["metadata"].(map[string]any)["annotations"] = map[string]any{"api-approved.kubernetes.io": "unapproved, a story's"}
	definition["spec"] = map[string]any{"group": "metrics.k8s.io", "scope": "Namespaced",
		"names": map[string]any{"plural": "pods", "singular": "podmetrics", "kind": "PodMetrics", "listKind": "PodMetricsList"},
		"versions": []any{map[string]any{"name": "v1beta1", "served": true, "storage": true,
			"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}}}
	s.create(t, "customresourcedefinitions", definition)
	metrics := s.objects.Resource(resource("metrics.k8s.io", "v1beta1", "pods")).Namespace(s.ns)
	for _, p := range s.pods(t) {
		eventually(t, 30*time.Second, func() error {
			_, err := metrics.Create(t.Context(), podMetrics(p), metav1.CreateOptions{})
			return err
		})
	}
}

// podMetrics returns a pod's metrics.
func podMetrics(p corev1.Pod) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: object("metrics.k8s.io/v1beta1", "PodMetrics", p.Namespace, p.Name)}
	o.SetLabels(p.Labels)
	memory := "100Mi"
	if p.Labels["rerig.dev/keep"] != "" {
		memory = "400Mi"
	}
	o.Object["timestamp"], o.Object["window"] = time.Now().UTC().Format(time.RFC3339), "15s"
	o.Object["containers"] = []any{map[string]any{"name": "app", "usage": map[string]any{"cpu": "50m", "memory": memory}}}
	return o
}

// checkAverage compares the average that the autoscaler observed.
func (s swapApp) checkAverage(t *testing.T, average string) error {
	t.Helper()
	o, err := s.objects.Resource(autoscalers).Namespace(s.ns).Get(t.Context(), "app", metav1.GetOptions{})
	if err != nil {
		return err
	}
	found, _ := field(*o, "status", "currentMetrics").([]any)
	if len(found) == 0 {
		return fmt.Errorf("the autoscaler finds nothing: %v", field(*o, "status", "conditions"))
	}
	if is, _, _ := unstructured.NestedString(found[0].(map[string]any), "resource", "current", "averageValue"); is != average {
		return fmt.Errorf("the autoscaler finds %s in the mean, want %s", is, average)
	}
	return nil
}

// field returns a field of an object, or nil.
func field(o unstructured.Unstructured, path ...string) any {
	v, _, _ := unstructured.NestedFieldNoCopy(o.Object, path...)
	return v
}
