// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"testing"
)

// A label that the run wrote into a namespace that a GitOps tool tracks is not managed by
// the tool, which leaves alone what it does not know.
func TestLabelOfRunIsNotManaged(t *testing.T) {
	const argo = "Argo CD application shop"
	by := func(manager, label string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{
			Manager:   manager,
			Operation: metav1.ManagedFieldsOperationUpdate,
			FieldsV1:  metav1.NewFieldsV1(`{"f:metadata":{"f:labels":{"f:` + label + `":{}}}}`),
		}
	}
	const rev, injection = "istio.io/rev", "istio-injection"
	for _, c := range []struct {
		name   string
		labels []string
		fields []metav1.ManagedFieldsEntry
		want   string
	}{
		{"no label", nil, nil, ""},
		{"its own", []string{rev}, []metav1.ManagedFieldsEntry{by("argocd-controller", rev)}, argo},
		{"by whom is not known", []string{rev}, nil, argo},
		{"by hand", []string{rev}, []metav1.ManagedFieldsEntry{by("kubectl-label", rev)}, argo},
		{"the run's", []string{rev}, []metav1.ManagedFieldsEntry{by("rerig", rev), by("argocd-controller", "team")}, ""},
		{"both wrote it", []string{rev}, []metav1.ManagedFieldsEntry{by("rerig", rev), by("argocd-controller", rev)}, argo},
		{
			"the run's, beside its own", []string{rev, injection},
			[]metav1.ManagedFieldsEntry{by("rerig", rev), by("argocd-controller", injection)}, argo,
		},
		{"the run's, and another's", []string{rev, injection}, []metav1.ManagedFieldsEntry{by("rerig", rev)}, argo},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := metav1.ObjectMeta{
				Annotations:   map[string]string{"argocd.argoproj.io/tracking-id": "shop:/Namespace:/auto"},
				Labels:        map[string]string{},
				ManagedFields: c.fields,
			}
			for _, label := range c.labels {
				m.Labels[label] = "x"
			}
			if got := labelsManagedBy(&m); got != c.want {
				t.Errorf("kept by %q, want %q", got, c.want)
			}
		})
	}
}
