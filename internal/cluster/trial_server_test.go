// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/trial"
	"github.com/rerig/rerig/internal/step"
	admission "k8s.io/api/admission/v1"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// injecting answers as istiod's webhook does: with a sidecar of a revision.
func injecting(t *testing.T, revision string) *httptest.Server {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review admission.AdmissionReview
		var pod corev1.Pod
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil || json.Unmarshal(review.Request.Object.Raw, &pod) != nil ||
			!*review.Request.DryRun {
			t.Errorf("asked with %+v, %v", review.Request, err)
			return
		}
		kind := admission.PatchTypeJSONPatch
		answer := admission.AdmissionReview{
			TypeMeta: review.TypeMeta,
			Response: &admission.AdmissionResponse{UID: review.Request.UID, Allowed: true},
		}
		switch pod.Annotations["test"] {
		case "refuse":
			answer.Response.Allowed, answer.Response.Result = false, &metav1.Status{Message: "no template aliens"}
		case "pass over":
		default:
			owner := pod.OwnerReferences[0].Kind + " " + pod.OwnerReferences[0].Name
			answer.Response.PatchType = &kind
			answer.Response.Patch = []byte(
				`[{"op":"add","path":"/spec/initContainers","value":[{"name":"istio-proxy","image":"proxyv2:1.31.0","restartPolicy":"Always"}]},
				{"op":"add","path":"/metadata/annotations","value":{"istio.io/rev":"` + revision + `","owner":"` + owner + `"}}]`,
			)
		}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

// injector registers a webhook that the API server never calls.
func injector(t *testing.T, c *fixture, revision string) {
	t.Helper()
	server := injecting(t, revision)
	never := &metav1.LabelSelector{MatchLabels: map[string]string{"never": "matches"}}
	none := admissionv1.SideEffectClassNone
	m := &admissionv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "istio-sidecar-injector-" + revision, Labels: map[string]string{mesh.RevisionLabel: revision}},
		Webhooks: []admissionv1.MutatingWebhook{
			{Name: "rev.namespace.sidecar-injector.istio.io", NamespaceSelector: never, SideEffects: &none, AdmissionReviewVersions: []string{"v1"},
				ClientConfig: admissionv1.WebhookClientConfig{
					URL:      &server.URL,
					CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
				}},
		},
	}
	if _, err := c.api.AdmissionregistrationV1().MutatingWebhookConfigurations().Create(t.Context(), m, client.Creating); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.api.AdmissionregistrationV1().MutatingWebhookConfigurations().Delete(context.Background(), m.Name, metav1.DeleteOptions{})
	})
}

// trialWorkload creates a Deployment with a Service in a namespace of its own.
func trialWorkload(t *testing.T, c *fixture, namespace string, annotations map[string]string) {
	t.Helper()
	by := client.Creating
	labels := map[string]string{"app": "web", "tier": "front", mesh.SidecarLabel: "true"}
	spec := template(labels)
	spec.Annotations = annotations
	_, err1 := c.api.AppsV1().Deployments(namespace).Create(t.Context(), &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: spec}}, by)
	_, err2 := c.api.CoreV1().Services(namespace).Create(t.Context(), &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{{Port: 80}}}}, by)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
}

func trialOfWeb(namespace string, mode step.TrialMode) step.Change {
	return step.Change{
		Verb:      step.CreateTrial,
		Kind:      "Deployment",
		Namespace: namespace,
		Name:      "web",
		Trial:     &step.TrialPod{Run: "tries", Revision: "1-31-0", Mode: mode},
	}
}

// trialsIn returns the trial pods in a namespace.
func trialsIn(t *testing.T, c *fixture, namespace string) []mesh.Trial {
	t.Helper()
	w, err := c.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(w.Trials, func(x mesh.Trial) bool { return x.Namespace != namespace })
}

func testTrial(t *testing.T, c *fixture) {
	injector(t, c, "1-31-0")
	createNamespace(t, c, "tried", map[string]string{mesh.RevisionLabel: "1-29-1"})
	trialWorkload(t, c, "tried", nil)
	run, err := c.Create(
		t.Context(),
		v1alpha1.MeshUpgrade{ObjectMeta: metav1.ObjectMeta{Name: "tries"}, Spec: v1alpha1.MeshUpgradeSpec{Revision: "1-31-0"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	changed := trialOfWeb("tried", step.InService)
	changed.Expect = "what it was before"
	if err := c.Write(t.Context(), changed); !errors.Is(err, engine.ErrConflict) {
		t.Errorf("made from a template that has changed: %v", err)
	}
	if err := c.Write(t.Context(), trialOfWeb("tried", step.InService)); err != nil {
		t.Fatal(err)
	}
	if err := c.Write(t.Context(), trialOfWeb("tried", step.InService)); !errors.Is(err, engine.ErrConflict) {
		t.Errorf("made twice: %v", err)
	}
	found := trialsIn(t, c, "tried")
	if len(found) != 1 || !found[0].Gated || found[0].Run != "tries" || found[0].Workload != "Deployment tried/web" ||
		found[0].Mode != "in-service" ||
		found[0].Pod.Sidecar.Revision != "1-31-0" {
		t.Fatalf("found %+v", found)
	}
	w, _ := c.Observe(t.Context())
	if wl, ok := w.Workload("Deployment tried/web"); !ok || wl.Template.Hash != found[0].Template || len(w.WorkloadsIn("tried")) != 1 ||
		len(wl.Pods) != 0 {
		t.Errorf("the pod was made from %s; the workloads are %+v", found[0].Template, w.WorkloadsIn("tried"))
	}
	made := get(t, c, "tried", found[0].Pod.Name)
	if owner := metav1.GetControllerOf(made); owner == nil || owner.UID != run.UID || made.Labels[mesh.SidecarLabel] != "false" ||
		made.Labels["app"] != "web" ||
		made.Annotations["owner"] != "Deployment web" {
		t.Errorf("made was %+v", made.ObjectMeta)
	}
	other := trial.PodChange(step.ScheduleTrial, found[0])
	other.Expect = "another"
	if err := c.Write(t.Context(), other); !errors.Is(err, engine.ErrConflict) {
		t.Errorf("another pod is let to a node: %v", err)
	}
	if err := c.Write(t.Context(), trial.PodChange(step.ScheduleTrial, found[0])); err != nil {
		t.Fatal(err)
	}
	if free := get(t, c, "tried", found[0].Pod.Name); len(free.Spec.SchedulingGates) != 0 || free.Labels[mesh.SidecarLabel] != "true" ||
		trialsIn(t, c, "tried")[0].Gated {
		t.Errorf("let to a node it is %+v, gates %v", free.ObjectMeta, free.Spec.SchedulingGates)
	}
	for _, turn := range []struct {
		verb step.Verb
		want mesh.TrialPhase
	}{{step.ServeTrial, mesh.Serving}, {step.StopTrialService, mesh.Served}} {
		verb, want := turn.verb, turn.want
		if err := c.Write(t.Context(), trial.PodChange(verb, found[0])); err != nil {
			t.Fatal(err)
		}
		other := trial.PodChange(verb, found[0])
		other.Expect = "another"
		if err := c.Write(t.Context(), other); !errors.Is(err, engine.ErrConflict) {
			t.Errorf("%s another pod: %v", verb, err)
		}
		if now := trialsIn(t, c, "tried")[0]; now.Phase != want || time.Since(now.Since) > time.Minute {
			t.Errorf("after %s it is %q since %s", verb, now.Phase, now.Since)
		}
	}
	deleteTrial(t, c, found[0])
}

// deleteTrial deletes a trial pod by its UID.
func deleteTrial(t *testing.T, c *fixture, x mesh.Trial) {
	t.Helper()
	end, err := plan.Render(trial.DeleteStep(x), step.Target{}, c.now())
	if err != nil {
		t.Fatal(err)
	}
	other := end[0]
	other.Expect = "another"
	if err := c.Write(t.Context(), other); !errors.Is(err, engine.ErrConflict) {
		t.Errorf("another pod is deleted: %v", err)
	}
	if err := c.Write(t.Context(), end[0]); err != nil {
		t.Error(err)
	}
	if left := trialsIn(t, c, x.Namespace); len(left) != 0 {
		t.Errorf("left are %+v", left)
	}
}

func get(t *testing.T, c *fixture, namespace, name string) *corev1.Pod {
	t.Helper()
	p, err := c.api.CoreV1().Pods(namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// testTrialUnready: a Service with publishNotReadyAddresses would send traffic to a trial
// pod at once. The pod has none of the labels by which such a Service selects.
func testTrialUnready(t *testing.T, c *fixture) {
	injector(t, c, "1-31-0")
	createNamespace(t, c, "aside", map[string]string{mesh.RevisionLabel: "1-29-1"})
	trialWorkload(t, c, "aside", nil)
	early := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "early"},
		Spec: corev1.ServiceSpec{
			Selector:                 map[string]string{"tier": "front"},
			PublishNotReadyAddresses: true,
			Ports:                    []corev1.ServicePort{{Port: 80}},
		}}
	if _, err := c.api.CoreV1().Services("aside").Create(t.Context(), early, client.Creating); err != nil {
		t.Fatal(err)
	}
	if err := c.Write(t.Context(), trialOfWeb("aside", step.OutOfService)); err != nil {
		t.Fatal(err)
	}
	found := trialsIn(t, c, "aside")
	made := get(t, c, "aside", found[0].Pod.Name)
	if _, selected := made.Labels["tier"]; selected || made.Labels["app"] != "web" || len(made.Spec.ReadinessGates) != 1 {
		t.Errorf("it bears %v, and gates %v", made.Labels, made.Spec.ReadinessGates)
	}
	deleteTrial(t, c, found[0])
}

// testTrialRefused: what the target's webhook or the API server rejects is not tried again.
func testTrialRefused(t *testing.T, c *fixture) {
	injector(t, c, "1-31-0")
	for namespace, says := range map[string]string{"refuse": "no template aliens", "pass-over": "adds no sidecar", "full": "exceeded quota"} {
		createNamespace(t, c, namespace, nil)
		trialWorkload(t, c, namespace, map[string]string{"test": strings.ReplaceAll(namespace, "-", " ")})
		if namespace == "full" {
			useUpQuota(t, c)
		}
		err := c.Write(t.Context(), trialOfWeb(namespace, step.InService))
		if !errors.Is(err, engine.ErrRefused) || !strings.Contains(err.Error(), says) ||
			!strings.Contains(err.Error(), "Deployment "+namespace+"/web") {
			t.Errorf("%s: %v", namespace, err)
		}
	}
	change := trialOfWeb("full", step.InService)
	change.Trial.Revision = "1-30-0"
	if err := c.Write(t.Context(), change); err == nil || errors.Is(err, engine.ErrRefused) ||
		!strings.Contains(err.Error(), "revision 1-30-0 has no injection webhook") {
		t.Errorf("a revision without a webhook: %v", err)
	}
}

// useUpQuota gives the namespace full a quota that is used up.
func useUpQuota(t *testing.T, c *fixture) {
	t.Helper()
	quota := corev1.ResourceQuota{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ResourceQuota"},
		ObjectMeta: metav1.ObjectMeta{Name: "none"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: {}}},
	}
	made, err := c.api.CoreV1().ResourceQuotas("full").Create(t.Context(), &quota, client.Creating)
	if err != nil {
		t.Fatal(err)
	}
	made.Status.Hard, made.Status.Used = made.Spec.Hard, made.Spec.Hard
	if _, err := c.api.CoreV1().ResourceQuotas("full").UpdateStatus(t.Context(), made, client.Updating); err != nil {
		t.Fatal(err)
	}
}

// onTrials does what a run's trials do.
func onTrials(t *testing.T, admin, c *fixture) {
	t.Helper()
	injector(t, admin, "1-31-0")
	var m v1alpha1.MeshUpgrade
	m.Name, m.Spec.Revision = "tries", "1-31-0"
	if _, err := c.Create(t.Context(), m); err != nil {
		t.Error(err)
	}
	labels := map[string]string{"bare": "yes"}
	bare := &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       appsv1.ReplicaSetSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template(labels)},
	}
	if _, err := admin.api.AppsV1().ReplicaSets("shop").Create(t.Context(), bare, client.Creating); err != nil {
		t.Error(err)
	}
	for _, kind := range []mesh.Kind{mesh.Deployment, mesh.StatefulSet, mesh.DaemonSet, mesh.ReplicaSet} {
		change := trialOfWeb("shop", step.OutOfService)
		change.Kind = string(kind)
		if err := c.Write(t.Context(), change); err != nil {
			t.Error(err)
		}
	}
	found := trialsIn(t, c, "shop")
	if len(found) != 4 {
		t.Errorf("%d trial pods of four workloads: %+v", len(found), found)
	}
	for _, x := range found {
		if err := c.Write(t.Context(), trial.PodChange(step.ScheduleTrial, x)); err != nil {
			t.Error(err)
		}
		for _, v := range []step.Verb{step.ServeTrial, step.StopTrialService} {
			if err := c.Write(t.Context(), trial.PodChange(v, x)); err != nil {
				t.Error(err)
			}
		}
		deletion := step.Change{Verb: step.Delete, Kind: "Pod", Namespace: "shop", Name: x.Pod.Name, Expect: x.Pod.UID}
		if err := c.Write(t.Context(), deletion); err != nil {
			t.Error(err)
		}
	}
}

// A Rollout's template is its own, or that of the Deployment that it uses.
func TestTemplateOfRollout(t *testing.T) {
	by := func(lender string) (*corev1.PodTemplateSpec, error) {
		s := template(map[string]string{"lender": lender})
		return &s, nil
	}
	read := func(spec string) []argoRollout {
		var r argoRollout
		if err := json.Unmarshal([]byte(`{"spec":`+spec+`}`), &r); err != nil {
			t.Fatal(err)
		}
		return []argoRollout{r}
	}
	own := read(`{"template":{"metadata":{"labels":{"app":"canary"}}}}`)
	if got, err := templateOfRollout(own, "canary", by); err != nil || got.Labels["app"] != "canary" {
		t.Errorf("its own: got %+v, %v", got, err)
	}
	deployments := read(`{"workloadRef":{"kind":"Deployment","name":"web"}}`)
	if got, err := templateOfRollout(deployments, "canary", by); err != nil || got.Labels["lender"] != "web" {
		t.Errorf("a Deployment's: got %+v, %v", got, err)
	}
	others := read(`{"workloadRef":{"kind":"PodTemplate","name":"web"}}`)
	if _, err := templateOfRollout(others, "canary", by); !errors.Is(err, engine.ErrRefused) {
		t.Errorf("another kind's: got %v", err)
	}
	if _, err := templateOfRollout(nil, "canary", by); err == nil || !strings.Contains(err.Error(), "not found") {
		t.Errorf("none: got %v", err)
	}
}

// A trial pod that has ended is still observed, with how it ended.
func TestTrialPodThatEnded(t *testing.T) {
	is := true
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "web-trial", Namespace: "shop", Labels: map[string]string{v1alpha1.LabelTrial: "true"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.Kind, Name: "r", Controller: &is}}},
	}
	for phase, want := range map[corev1.PodPhase]string{
		corev1.PodRunning: "", corev1.PodFailed: "Failed: Evicted: low on memory", corev1.PodSucceeded: "Succeeded",
	} {
		if p.Status = (corev1.PodStatus{Phase: phase}); phase == corev1.PodFailed {
			p.Status.Reason, p.Status.Message = "Evicted", "low on memory"
		}
		if x, is := trialOf(p); !is || x.Ended != want || x.Pod.Name != p.Name {
			t.Errorf("%s is read as %+v", phase, x)
		}
	}
}
