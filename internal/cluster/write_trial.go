// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/rand"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/record"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// createTrial creates one pod of a workload, with the sidecar that another
// revision's live webhook gives it.
func (w *Writer) createTrial(ctx context.Context, change step.Change) error {
	what := fmt.Sprintf("create a trial pod of %s %s/%s", change.Kind, change.Namespace, change.Name)
	template, err := w.template(ctx, mesh.Kind(change.Kind), change.Namespace, change.Name)
	if err != nil {
		return client.WriteError(what, err)
	}
	digest := cmp.Or(change.Expect, hashOf(template))
	if digest != hashOf(template) && mesh.Kind(change.Kind) != mesh.ArgoRollout { // a Rollout's digest has more than the template
		return fmt.Errorf("%s: its template has changed: %w", what, engine.ErrConflict)
	}
	run, err := w.records.Get(ctx, change.Trial.Run)
	if errors.Is(err, record.ErrNoRun) {
		return fmt.Errorf("%s: %w: %w", what, engine.ErrConflict, err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	pod, err := w.inject(ctx, change.Trial.Revision, podFromTemplate(change, template))
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	services, err := w.services(ctx, change.Namespace)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	_, err = w.api.CoreV1().Pods(change.Namespace).Create(ctx, trialPod(pod, digest, change, run, services), client.Creating)
	if apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("%s: %w: %w", what, engine.ErrConflict, err)
	}
	return client.WriteError(what, err)
}

// ungateTrial lets a trial pod be scheduled, and restores the label that its
// template has. Injection webhooks are called for pods that are created, not for
// those that change.
func (w *Writer) ungateTrial(ctx context.Context, change step.Change) error {
	what := fmt.Sprintf("let trial pod %s/%s be scheduled", change.Namespace, change.Name)
	p, err := w.trialPod(ctx, change, what)
	if err != nil {
		return err
	}
	var label any // null removes it
	if own, has := p.Annotations[v1alpha1.AnnotationTrialInject]; has {
		label = own
	}
	return w.patchTrial(ctx, what, p, map[string]any{
		"metadata": map[string]any{"resourceVersion": p.ResourceVersion, "labels": map[string]any{mesh.SidecarLabel: label}},
		"spec":     map[string]any{"schedulingGates": []any{map[string]any{"$patch": "delete", "name": v1alpha1.GateTrial}}},
	})
}

// setTrialServing adds a trial pod to its Services, or removes it, by a condition
// that its readiness depends on.
func (w *Writer) setTrialServing(ctx context.Context, change step.Change) error {
	what, status := fmt.Sprintf("let trial pod %s/%s serve", change.Namespace, change.Name), corev1.ConditionTrue
	if change.Verb == step.StopTrialService {
		what, status = fmt.Sprintf("remove trial pod %s/%s from its Services", change.Namespace, change.Name), corev1.ConditionFalse
	}
	p, err := w.trialPod(ctx, change, what)
	if err != nil {
		return err
	}
	serves := map[string]any{"type": v1alpha1.ConditionServes, "status": status, "lastTransitionTime": w.now().UTC().Format(time.RFC3339)}
	return w.patchTrial(ctx, what, p, map[string]any{
		"metadata": map[string]any{"resourceVersion": p.ResourceVersion},
		"status":   map[string]any{"conditions": []any{serves}},
	}, "status")
}

func (w *Writer) patchTrial(ctx context.Context, what string, p *corev1.Pod, patch map[string]any, subresource ...string) error {
	body, err := json.Marshal(patch)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	_, err = w.api.CoreV1().Pods(p.Namespace).Patch(ctx, p.Name, types.StrategicMergePatchType, body, client.Patching, subresource...)
	return client.WriteError(what, err)
}

// trialPod reads the pod that a change is about, by its UID.
func (w *Writer) trialPod(ctx context.Context, change step.Change, what string) (*corev1.Pod, error) {
	p, err := w.api.CoreV1().Pods(change.Namespace).Get(ctx, change.Name, metav1.GetOptions{})
	if err != nil {
		return nil, client.WriteError(what, err)
	}
	if string(p.UID) != change.Expect {
		return nil, fmt.Errorf("%s: another pod has its name: %w", what, engine.ErrConflict)
	}
	return p, nil
}

// podFromTemplate returns a workload's next pod before injection, as its controller
// creates it: the injector reads the workload's name from the controller
// (GetDeployMetaFromPod in pkg/kube/util.go @1.29.1).
func podFromTemplate(change step.Change, t *corev1.PodTemplateSpec) *corev1.Pod {
	yes := true
	p := &corev1.Pod{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, Spec: *t.Spec.DeepCopy()}
	p.GenerateName, p.Namespace = change.Name+"-", change.Namespace
	p.Labels, p.Annotations = maps.Clone(t.Labels), maps.Clone(t.Annotations)
	api := "apps/v1"
	if change.Kind == string(mesh.ArgoRollout) {
		api = argoAPI
	}
	p.OwnerReferences = []metav1.OwnerReference{{APIVersion: api, Kind: change.Kind, Name: change.Name, UID: "none", Controller: &yes}}
	if p.Spec.ServiceAccountName == "" { // the API server sets it before it calls webhooks
		p.Spec.ServiceAccountName = "default"
	}
	return p
}

// trialPod makes an injected pod a trial pod.
//
// Its controller is the MeshUpgrade, so no other controller adopts it, and it is
// deleted with the run. Its label keeps injection webhooks from it. istio-cni reads
// the same label on a node (cni/pkg/plugin/plugin.go @1.29.1): so a scheduling gate
// keeps the pod from nodes until the label is restored. A readiness gate keeps it out
// of its Services until it is verified, and lets it leave them before it ends.
func trialPod(injected *corev1.Pod, template string, change step.Change, run v1alpha1.MeshUpgrade, services []corev1.Service) *corev1.Pod {
	p := injected.DeepCopy()
	p.ObjectMeta = metav1.ObjectMeta{
		Name: trialName(change, template), Namespace: change.Namespace, Labels: injected.Labels, Annotations: injected.Annotations,
	}
	owner, yes := record.OwnerOf(run), true
	owner.Controller = &yes
	p.OwnerReferences = []metav1.OwnerReference{owner}
	if p.Labels == nil {
		p.Labels = map[string]string{}
	}
	if p.Annotations == nil {
		p.Annotations = map[string]string{}
	}
	removeSelected(p.Labels, services)
	if own, has := p.Labels[mesh.SidecarLabel]; has {
		p.Annotations[v1alpha1.AnnotationTrialInject] = own
	}
	p.Labels[mesh.SidecarLabel] = "false"
	p.Labels[v1alpha1.LabelTrial] = "true"
	p.Annotations[v1alpha1.AnnotationTrialOf] = change.Kind + " " + change.Name
	p.Annotations[v1alpha1.AnnotationTrialTemplate] = template
	p.Annotations[v1alpha1.AnnotationTrialRevision] = change.Trial.Revision
	p.Annotations[v1alpha1.AnnotationTrialMode] = string(change.Trial.Mode)
	p.Spec.SchedulingGates = append(slices.DeleteFunc(p.Spec.SchedulingGates, isTrialGate), corev1.PodSchedulingGate{Name: v1alpha1.GateTrial})
	p.Spec.ReadinessGates = append(p.Spec.ReadinessGates, corev1.PodReadinessGate{ConditionType: v1alpha1.ConditionServes})
	p.Spec.NodeName, p.Status = "", corev1.PodStatus{}
	return p
}

// removeSelected removes the labels by which a Service with
// publishNotReadyAddresses would send traffic to a pod that is not ready.
func removeSelected(own map[string]string, services []corev1.Service) {
	all := labels.Set(maps.Clone(own))
	for _, s := range services {
		if !s.Spec.PublishNotReadyAddresses || len(s.Spec.Selector) == 0 || !labels.SelectorFromSet(s.Spec.Selector).Matches(all) {
			continue
		}
		for key := range s.Spec.Selector {
			delete(own, key)
		}
	}
}

// trialName returns the same name for the same trial: a process that died after the
// request must not create a second pod.
func trialName(change step.Change, template string) string {
	t := change.Trial
	sum := sha256.Sum256([]byte(strings.Join([]string{t.Run, change.Kind, change.Name, template, t.Revision, string(t.Mode)}, "\n")))
	tail := "-trial-" + rand.SafeEncodeString(hex.EncodeToString(sum[:4]))
	return strings.TrimRight(change.Name[:min(len(change.Name), 63-len(tail))], "-.") + tail
}
