// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/rand"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// candidate is a workload's next pod before it is injected: as its controller
// would send it, since the injector reads the workload's name off the controller
// (GetDeployMetaFromPod in pkg/kube/util.go @1.29.1).
func candidate(kind, namespace, name string, t *corev1.PodTemplateSpec) *corev1.Pod {
	yes := true
	p := &corev1.Pod{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, Spec: *t.Spec.DeepCopy()}
	p.GenerateName, p.Namespace = name+"-", namespace
	p.Labels, p.Annotations = maps.Clone(t.Labels), maps.Clone(t.Annotations)
	api := "apps/v1"
	if kind == string(mesh.ArgoRollout) {
		api = argoAPI
	}
	p.OwnerReferences = []metav1.OwnerReference{{APIVersion: api, Kind: kind, Name: name, UID: "none", Controller: &yes}}
	if p.Spec.ServiceAccountName == "" { // the API server fills it in before it calls webhooks
		p.Spec.ServiceAccountName = "default"
	}
	return p
}

// onTrial makes a trial pod out of an injected candidate. It is the run's: its
// controller is the MeshUpgrade, so that no other one adopts it, and it goes with
// it. Its label keeps every injection webhook off it; because istio-cni reads the
// same label on a node (cni/pkg/plugin/plugin.go @1.29.1), a gate keeps the pod
// from the nodes until the label is gone. A readiness gate keeps it out of its
// Services until it is proven, and lets it leave them before it ends.
func onTrial(injected *corev1.Pod, template string, change step.Change, run v1alpha1.MeshUpgrade, services []corev1.Service) *corev1.Pod {
	yes := true
	p := injected.DeepCopy()
	p.ObjectMeta = metav1.ObjectMeta{Name: trialName(change, template), Namespace: change.Namespace, Labels: injected.Labels, Annotations: injected.Annotations}
	p.OwnerReferences = []metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.Kind, Name: run.Name, UID: run.UID, Controller: &yes}}
	if p.Labels == nil {
		p.Labels = map[string]string{}
	}
	if p.Annotations == nil {
		p.Annotations = map[string]string{}
	}
	unselected(p.Labels, services)
	if own, has := p.Labels[mesh.SidecarLabel]; has {
		p.Annotations[v1alpha1.AnnotationTrialInject] = own
	}
	p.Labels[mesh.SidecarLabel] = "false"
	p.Labels[v1alpha1.LabelTrial] = "true"
	p.Annotations[v1alpha1.AnnotationTrialOf] = change.Kind + " " + change.Name
	p.Annotations[v1alpha1.AnnotationTrialTemplate] = template
	p.Annotations[v1alpha1.AnnotationTrialRevision] = change.Trial.Revision
	p.Annotations[v1alpha1.AnnotationTrialMode] = string(change.Trial.Mode)
	p.Spec.SchedulingGates = append(slices.DeleteFunc(p.Spec.SchedulingGates, trialGate), corev1.PodSchedulingGate{Name: v1alpha1.GateTrial})
	p.Spec.ReadinessGates = append(p.Spec.ReadinessGates, corev1.PodReadinessGate{ConditionType: v1alpha1.ConditionServes})
	p.Spec.NodeName, p.Status = "", corev1.PodStatus{}
	return p
}

// unselected takes away the labels by which Services would lead to a pod that is
// not ready.
func unselected(own map[string]string, services []corev1.Service) {
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

// trialName is the same for the same trial, so that a pod that was asked for
// twice, by a process that died in between, is made once.
func trialName(change step.Change, template string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{change.Trial.Run, change.Kind, change.Name, template, change.Trial.Revision, string(change.Trial.Mode)}, "\n")))
	tail := "-trial-" + rand.SafeEncodeString(hex.EncodeToString(sum[:4]))
	return strings.TrimRight(change.Name[:min(len(change.Name), 63-len(tail))], "-.") + tail
}

// cut parts "Deployment web".
func cut(of string) (mesh.Kind, string, bool) {
	kind, name, ok := strings.Cut(of, " ")
	return mesh.Kind(kind), name, ok
}
