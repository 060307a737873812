// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// reset puts everything back that a story may have left, by other hands than
// rerig's: no record, no second control plane, the shop as it was brought up.
func (l *lab) reset(t *testing.T) {
	t.Helper()
	l.forget(t)
	l.withoutReleases(t)
	if l.tagAt(t, "default") != oldRevision {
		l.retagged(t, oldRevision)
	}
	l.uninstall(t)
	for _, ns := range shopNamespaces {
		l.label(t, ns, shopLabels[ns])
		l.annotate(t, ns, map[string]any{"lab.rerig.dev/reject": nil, "lab.rerig.dev/disconnected": nil})
	}
	for _, o := range l.workloadsOf(t) {
		l.unstamp(t, o)
	}
	eventually(t, time.Minute, func() error { return l.rightened(t) })
}

// rightened is standing, and makes pods anew that came before their namespace's labels.
func (l *lab) rightened(t *testing.T) error {
	err := l.standing(t, all(oldRevision))
	if err == nil {
		return nil
	}
	for _, p := range l.shopPods(t) {
		if sidecar(p) != oldRevision {
			_ = l.core.Pods(p.Namespace).Delete(t.Context(), p.Name, metav1.DeleteOptions{})
		}
	}
	return err
}

// forget removes the records of runs, their definition and their Lease.
func (l *lab) forget(t *testing.T) {
	t.Helper()
	const definition = "meshupgrades.rerig.dev"
	err := l.objects.Resource(definitions).Delete(t.Context(), definition, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		t.Fatalf("delete %s: %v", definition, err)
	}
	leases := resource("coordination.k8s.io", "v1", "leases")
	for _, o := range l.list(t.Context(), t, leases, "") {
		if strings.Contains(o.GetName(), "rerig") {
			_ = l.objects.Resource(leases).Namespace(o.GetNamespace()).Delete(t.Context(), o.GetName(), metav1.DeleteOptions{})
		}
	}
	eventually(t, 30*time.Second, func() error {
		_, err := l.objects.Resource(definitions).Get(t.Context(), definition, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return errors.Join(fmt.Errorf("%s is still there", definition), err)
	})
}

// label sets a namespace's labels; nil takes one away.
func (l *lab) label(t *testing.T, ns string, labels map[string]any) {
	t.Helper()
	l.merge(t, namespaces, "", ns, map[string]any{"metadata": map[string]any{"labels": labels}})
}

func (l *lab) annotate(t *testing.T, ns string, annotations map[string]any) {
	t.Helper()
	l.merge(t, namespaces, "", ns, map[string]any{"metadata": map[string]any{"annotations": annotations}})
}

// unstamp takes the traces of earlier runs off a workload.
func (l *lab) unstamp(t *testing.T, o unstructured.Unstructured) {
	t.Helper()
	gone := map[string]any{}
	for _, key := range append(stamps, "lab.rerig.dev/not-ready") {
		gone[key] = nil
	}
	l.merge(t, resourceOf(o), o.GetNamespace(), o.GetName(), map[string]any{"spec": map[string]any{"template": map[string]any{"metadata": map[string]any{"annotations": gone}}}})
}

func resourceOf(o unstructured.Unstructured) schema.GroupVersionResource {
	return resource("apps", "v1", strings.ToLower(o.GetKind())+"s")
}

// merge is what `kubectl patch --type merge` does.
func (l *lab) merge(t *testing.T, r schema.GroupVersionResource, ns, name string, fields map[string]any) {
	t.Helper()
	if _, err := l.objects.Resource(r).Namespace(ns).Patch(t.Context(), name, types.MergePatchType, body(t, fields), metav1.PatchOptions{}); err != nil {
		t.Fatalf("patch %s %s/%s: %v", r.Resource, ns, name, err)
	}
}
