// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A label that the run wrote into a namespace that a GitOps tool tracks is not the
// tool's: it has no such label to commit, and leaves that one alone.
func TestTheRunsOwnLabelIsNoTools(t *testing.T) {
	const argo = "Argo CD application shop"
	by := func(manager, label string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate, FieldsV1: metav1.NewFieldsV1(`{"f:metadata":{"f:labels":{"f:` + label + `":{}}}}`)}
	}
	const rev, injection = "istio.io/rev", "istio-injection"
	for name, c := range map[string]struct {
		labels []string
		fields []metav1.ManagedFieldsEntry
		want   string
	}{
		"no label":                  {nil, nil, ""},
		"its own":                   {[]string{rev}, []metav1.ManagedFieldsEntry{by("argocd-controller", rev)}, argo},
		"by whom is not known":      {[]string{rev}, nil, argo},
		"by hand":                   {[]string{rev}, []metav1.ManagedFieldsEntry{by("kubectl-label", rev)}, argo},
		"the run's":                 {[]string{rev}, []metav1.ManagedFieldsEntry{by("rerig", rev), by("argocd-controller", "team")}, ""},
		"both wrote it":             {[]string{rev}, []metav1.ManagedFieldsEntry{by("rerig", rev), by("argocd-controller", rev)}, argo},
		"the run's, beside its own": {[]string{rev, injection}, []metav1.ManagedFieldsEntry{by("rerig", rev), by("argocd-controller", injection)}, argo},
		"the run's, and another's":  {[]string{rev, injection}, []metav1.ManagedFieldsEntry{by("rerig", rev)}, argo},
	} {
		m := metav1.ObjectMeta{Annotations: map[string]string{"argocd.argoproj.io/tracking-id": "shop:/Namespace:/auto"}, Labels: map[string]string{}, ManagedFields: c.fields}
		for _, label := range c.labels {
			m.Labels[label] = "x"
		}
		if got := labelsManagedBy(&m); got != c.want {
			t.Errorf("%s: kept by %q, want %q", name, got, c.want)
		}
	}
}
