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

// reset restores what a story may have changed: it removes records, the second control
// plane and Helm releases, and restores the shop.
func (l *lab) reset(t *testing.T) {
	t.Helper()
	l.uninstallReleases(t)
	l.uninstall(t)
	l.resetMesh(t)
}

// resetMesh is reset that leaves the second control plane.
func (l *lab) resetMesh(t *testing.T) {
	t.Helper()
	l.deleteRecords(t)
	if l.tagRevision(t, "default") != oldRevision {
		l.moveDefault(t, oldRevision)
	}
	for _, ns := range shopNamespaces {
		l.label(t, ns, shopLabels[ns])
		l.annotate(t, ns, map[string]any{"lab.rerig.dev/reject": nil, "lab.rerig.dev/disconnected": nil})
	}
	for _, o := range l.workloadsOf(t) {
		l.removeAnnotations(t, o)
	}
	eventually(t, time.Minute, func() error { return l.repair(t) })
}

// repair returns an error until the shop is on the old revision, and deletes pods that
// were created before their namespace had its label.
func (l *lab) repair(t *testing.T) error {
	err := l.checkPlacement(t, everywhere(oldRevision))
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

// deleteRecords deletes the records of runs, their definition and their Lease.
func (l *lab) deleteRecords(t *testing.T) {
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

// deleteRecord deletes the MeshUpgrade.
func (l *lab) deleteRecord(t *testing.T) {
	t.Helper()
	for _, o := range l.list(t.Context(), t, meshUpgrades, "") {
		if err := l.objects.Resource(meshUpgrades).Delete(t.Context(), o.GetName(), metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

// waitLeaseExpired waits until no process holds the Lease of a run, or its holder has
// been silent for the Lease's duration.
func (l *lab) waitLeaseExpired(t *testing.T) {
	t.Helper()
	eventually(t, 30*time.Second, func() error {
		leases, err := l.leases.Leases("").List(t.Context(), metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, o := range leases.Items {
			s := o.Spec
			if !strings.Contains(o.Name, "rerig") || s.HolderIdentity == nil || *s.HolderIdentity == "" || s.RenewTime == nil ||
				s.LeaseDurationSeconds == nil {
				continue
			}
			if ends := s.RenewTime.Add(time.Duration(*s.LeaseDurationSeconds) * time.Second); time.Now().Before(ends) {
				return fmt.Errorf("Lease %s/%s is held by %s until %s", o.Namespace, o.Name, *s.HolderIdentity, ends)
			}
		}
		return nil
	})
}

// label sets a namespace's labels; nil removes one.
func (l *lab) label(t *testing.T, ns string, labels map[string]any) {
	t.Helper()
	l.patch(t, namespaces, "", ns, map[string]any{"metadata": map[string]any{"labels": labels}})
}

func (l *lab) annotate(t *testing.T, ns string, annotations map[string]any) {
	t.Helper()
	l.patch(t, namespaces, "", ns, map[string]any{"metadata": map[string]any{"annotations": annotations}})
}

// removeAnnotations removes annotations of earlier stories from a workload's template.
func (l *lab) removeAnnotations(t *testing.T, o unstructured.Unstructured) {
	t.Helper()
	gone := map[string]any{}
	for _, key := range append(restartAnnotations, "lab.rerig.dev/not-ready") {
		gone[key] = nil
	}
	l.patch(t, resourceOf(o), o.GetNamespace(), o.GetName(), templateAnnotations(gone))
}

// templateAnnotations returns a merge patch of a pod template's annotations.
func templateAnnotations(annotations map[string]any) map[string]any {
	return templateMetadata("annotations", annotations)
}

// templateLabels returns a merge patch of a pod template's labels.
func templateLabels(labels map[string]any) map[string]any { return templateMetadata("labels", labels) }

func templateMetadata(key string, values map[string]any) map[string]any {
	return map[string]any{"spec": map[string]any{"template": map[string]any{"metadata": map[string]any{key: values}}}}
}

func resourceOf(o unstructured.Unstructured) schema.GroupVersionResource {
	return resource("apps", "v1", strings.ToLower(o.GetKind())+"s")
}

// patch does what `kubectl patch --type merge` does.
func (l *lab) patch(t *testing.T, r schema.GroupVersionResource, ns, name string, fields map[string]any) {
	t.Helper()
	if _, err := l.objects.Resource(r).Namespace(ns).Patch(t.Context(), name, types.MergePatchType, toJSON(t, fields),
		metav1.PatchOptions{}); err != nil {
		t.Fatalf("patch %s %s/%s: %v", r.Resource, ns, name, err)
	}
}
