// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// testRemoval saves, deletes and restores the components of a revision.
func testRemoval(t *testing.T, c *fixture) {
	approvedRemoval(t, c, "leaving")
	own := map[string]string{mesh.RevisionLabel: "gone", istio.ComponentLabel: istio.Pilot}
	configMap(t, c, "istio-gone", own, map[string]string{"mesh": "trustDomain: a"})
	configMap(t, c, "gateway", map[string]string{mesh.RevisionLabel: "gone", istio.ComponentLabel: "IngressGateways"}, nil)
	configMap(t, c, "plain", nil, nil)
	helmReleaseOf(t, c, "gone")

	want := []string{"ConfigMap istio-system/istio-gone", "ClusterRole istiod-gone", "Secret istio-system/sh.helm.release.v1.istiod-gone.v1"}
	owned := func() []string {
		w, err := c.Observe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, b := range w.ComponentsOf("gone") {
			list = append(list, b.String())
		}
		return list
	}
	if got := owned(); !slices.Equal(got, want) {
		t.Fatalf("of it there is %q", got)
	}
	w, _ := c.Observe(t.Context())
	for _, b := range w.ComponentsOf("gone") {
		remove := step.Step{Kind: step.Remove, Subject: step.Subject(b.String()), From: b.UID, To: "gone"}
		changes, err := plan.Render(remove, step.Target{}, c.now())
		if err != nil {
			t.Fatal(err)
		}
		other := changes[1]
		other.Expect = "another"
		if err := c.Write(t.Context(), other); !errors.Is(err, engine.ErrConflict) {
			t.Errorf("removal of %s with another UID: got %v, want a conflict", b.String(), err)
		}
		for _, change := range append(changes, changes...) { // again, as after a crash
			if err := c.Write(t.Context(), change); err != nil && !errors.Is(err, engine.ErrConflict) {
				t.Fatal(err)
			}
		}
	}
	if got := owned(); len(got) != 0 {
		t.Errorf("left is %q", got)
	}
	w, err := c.Observe(t.Context())
	if err != nil || len(w.MissingComponents("gone")) != 3 {
		t.Fatalf("kept: %v, %v", w.SavedCopies, err)
	}
	if err := c.Write(t.Context(), step.Change{Verb: step.RestoreRevision, Kind: "Revision", Name: "gone"}); err != nil {
		t.Fatal(err)
	}
	if got := owned(); !slices.Equal(got, want) {
		t.Errorf("back is %q", got)
	}
	m, err := c.api.CoreV1().ConfigMaps(c.root).Get(t.Context(), "istio-gone", metav1.GetOptions{})
	if err != nil || m.Data["mesh"] != "trustDomain: a" {
		t.Errorf("it came back as %v, %v", m.Data, err)
	}
	testManagedComponents(t, c)
	if err := c.Write(t.Context(), step.Change{Verb: step.RestoreRevision, Kind: "Revision", Name: "never"}); !errors.Is(
		err,
		engine.ErrRefused,
	) {
		t.Errorf("what was never kept comes back: %v", err)
	}
}

// testRestore: a rollback restores what is missing, from the copies that this round of the
// run has saved.
func testRestore(t *testing.T, c *fixture) {
	approvedRemoval(t, c, "again")
	own := map[string]string{mesh.RevisionLabel: "kept", istio.ComponentLabel: istio.Pilot}
	configMap(t, c, "istio-kept", own, map[string]string{"mesh": "as it was"})
	configMap(t, c, "values-kept", own, nil)
	maps := c.api.CoreV1().ConfigMaps(c.root)
	lost := func() int {
		t.Helper()
		w, err := c.Observe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(w.MissingComponents("kept"))
	}
	back := step.Change{Verb: step.RestoreRevision, Kind: "Revision", Name: "kept"}
	if removeRevision(t, c, "kept"); lost() != 2 {
		t.Fatalf("%d objects are lost", lost())
	}
	if err := c.Write(t.Context(), back); err != nil || lost() != 0 {
		t.Fatal(err, lost())
	}
	m, _ := maps.Get(t.Context(), "istio-kept", metav1.GetOptions{})
	m.Data["mesh"] = "mended since"
	_, err := maps.Update(t.Context(), m, client.Updating)
	if err = errors.Join(err, maps.Delete(t.Context(), "values-kept", metav1.DeleteOptions{})); err != nil || lost() != 1 {
		t.Fatal(err, lost())
	}
	mended := func(when string) {
		t.Helper()
		if m, err = maps.Get(t.Context(), "istio-kept", metav1.GetOptions{}); err != nil || m.Data["mesh"] != "mended since" {
			t.Errorf("%s: %v, %v", when, m.Data, err)
		}
	}
	if err := c.Write(t.Context(), back); err != nil || lost() != 0 {
		t.Error(err, lost())
	}
	mended("what was there")

	found, err := c.Get(t.Context(), "again")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Replace(t.Context(), found, found.Spec); err != nil {
		t.Fatal(err)
	}
	if err := maps.Delete(t.Context(), "values-kept", metav1.DeleteOptions{}); err != nil || lost() != 0 {
		t.Errorf("of a run that nobody agreed to yet %d objects are lost, %v", lost(), err)
	}
	approve(t, c, "again", c.now().Add(time.Hour))
	if n := lost(); n != 0 {
		t.Errorf("restored by a run that begins again: got %d objects, want none", n)
	}
	if err := c.Write(t.Context(), back); !errors.Is(err, engine.ErrRefused) {
		t.Errorf("what an earlier run of that name has kept comes back: %v", err)
	}
	if removeRevision(t, c, "kept"); lost() != 1 {
		t.Errorf("%d objects are lost", lost())
	}
	if err := c.Write(t.Context(), back); err != nil || lost() != 0 {
		t.Error(err, lost())
	}
	mended("what it kept itself")
}

// testUnrestorable: an object that cannot be restored is named.
func testUnrestorable(t *testing.T, c *fixture) {
	approvedRemoval(t, c, "homeless")
	createNamespace(t, c, "home", nil)
	_, err := c.api.CoreV1().ConfigMaps("home").Create(
		t.Context(),
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "left"}},
		client.Creating,
	)
	err = errors.Join(
		err,
		c.Write(t.Context(), step.Change{Verb: step.SaveCopy, Kind: "ConfigMap", Namespace: "home", Name: "left", Revision: "homeless"}),
		c.api.CoreV1().Namespaces().Delete(
			t.Context(),
			"home",
			metav1.DeleteOptions{},
		),
		c.api.CoreV1().ConfigMaps("home").Delete(t.Context(), "left", metav1.DeleteOptions{}),
	)
	namespace, got := c.api.CoreV1().Namespaces().Get(t.Context(), "home", metav1.GetOptions{})
	if err = errors.Join(err, got); err != nil {
		t.Fatal(err)
	}
	namespace.Spec.Finalizers = nil
	if _, err := c.api.CoreV1().Namespaces().Finalize(t.Context(), namespace, client.Updating); err != nil {
		t.Fatal(err)
	}
	err = c.Write(t.Context(), step.Change{Verb: step.RestoreRevision, Kind: "Revision", Name: "homeless"})
	if !errors.Is(err, engine.ErrRefused) || errors.Is(err, engine.ErrConflict) ||
		!strings.Contains(err.Error(), "restore ConfigMap home/left of revision homeless: its namespace does not exist") {
		t.Error(err)
	}
}

// testDryRuns creates a workload's pod by dry run as its controller would, and tells a
// quota's refusal from others.
func testDryRuns(t *testing.T, c *fixture) {
	by := client.Creating
	labels := map[string]string{"app": "db"}
	spec := template(labels)
	spec.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "data", MountPath: "/data"}}
	spec.Spec.Containers[0].VolumeDevices = []corev1.VolumeDevice{{Name: "raw", DevicePath: "/dev/raw"}}
	spec.Spec.InitContainers = []corev1.Container{{Name: "init", Image: "init:1", VolumeMounts: spec.Spec.Containers[0].VolumeMounts}}
	claim := func(name string) corev1.PersistentVolumeClaim {
		return corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec: corev1.PersistentVolumeClaimSpec{AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
				Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}}},
		}
	}
	createNamespace(t, c, "claiming", nil)
	_, err := c.api.AppsV1().StatefulSets("claiming").Create(
		t.Context(),
		&appsv1.StatefulSet{
			ObjectMeta: metav1.ObjectMeta{Name: "db"},
			Spec: appsv1.StatefulSetSpec{Selector: &metav1.LabelSelector{MatchLabels: labels},
				Template: spec, ServiceName: "db", VolumeClaimTemplates: []corev1.PersistentVolumeClaim{claim("data"), claim("raw")}},
		},
		by,
	)
	if err != nil {
		t.Fatal(err)
	}
	ofStatefulSet := mesh.DryRunAttempt{Pod: true, Namespace: "claiming", Workload: "StatefulSet claiming/db"}
	if a, err := c.DryRun(t.Context(), ofStatefulSet); err != nil || !a.Accepted || a.Workload == "" {
		t.Errorf("a pod with references: %+v, %v", a, err)
	}
	for _, of := range []string{"CloneSet claiming/x", "Deployment claiming/gone"} {
		attempt := mesh.DryRunAttempt{Pod: true, Namespace: "claiming", Workload: mesh.WorkloadRef(of)}
		if a, err := c.DryRun(t.Context(), attempt); err != nil || !a.Accepted || a.Workload != "" {
			t.Errorf("a bare pod in place of one of %s: %+v, %v", of, a, err)
		}
	}
	if a, err := c.DryRun(t.Context(), mesh.DryRunAttempt{Pod: true, Namespace: "full", Workload: "Deployment full/web"}); err != nil ||
		a.Accepted ||
		!a.OverQuota {
		t.Errorf("a pod for which there is no capacity: %+v, %v", a, err)
	}
}

// approvedRemoval creates an approved run that removes a revision.
func approvedRemoval(t *testing.T, c *fixture, name string) {
	t.Helper()
	createRun(t, c, name, "new")
	approve(t, c, name, c.now())
	c.RemovingRun = name
	t.Cleanup(func() { c.RemovingRun = "" })
}

func approve(t *testing.T, c *fixture, name string, at time.Time) {
	t.Helper()
	j := c.Record(name)
	_, _, err := j.Load(t.Context())
	if err = errors.Join(err, j.Save(t.Context(), step.Ledger{Started: at}, engine.Summary{Phase: "Upgrading"})); err != nil {
		t.Fatal(err)
	}
}

// removeRevision saves and deletes the components of a revision, and returns their number.
func removeRevision(t *testing.T, c *fixture, revision string) int {
	t.Helper()
	w, err := c.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	own := w.ComponentsOf(revision)
	for _, b := range own {
		remove := step.Step{Kind: step.Remove, Subject: step.Subject(b.String()), From: b.UID, To: revision}
		changes, err := plan.Render(remove, step.Target{}, c.now())
		if err != nil {
			t.Fatal(err)
		}
		for _, change := range changes {
			if err := c.Write(t.Context(), change); err != nil {
				t.Errorf("%s %s: %v", change.Verb, b.String(), err)
			}
		}
	}
	if w, err = c.Observe(t.Context()); err != nil || len(w.ComponentsOf(revision)) != 0 {
		t.Errorf("left: %v, %v", w.ComponentsOf(revision), err)
	}
	return len(own)
}

// testManagedComponents: what Flux manages is Flux's, with the Secrets of its Helm release.
func testManagedComponents(t *testing.T, c *fixture) {
	helmReleaseOf(t, c, "flux")
	configMap(
		t,
		c,
		"istio-flux",
		map[string]string{mesh.RevisionLabel: "flux", istio.ComponentLabel: istio.Pilot, "helm.toolkit.fluxcd.io/name": "istiod"},
		nil,
	)
	w, err := c.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	managers := map[string]string{}
	for _, b := range w.ComponentsOf("flux") {
		managers[b.Kind] = b.ManagedBy
	}
	if want := map[string]string{"ConfigMap": "Flux (istiod)", "ClusterRole": "Flux (istiod)", "Secret": "Flux (istiod)"}; !maps.Equal(
		managers,
		want,
	) {
		t.Errorf("of what Flux keeps: %v", managers)
	}
}

func configMap(t *testing.T, c *fixture, name string, labels, data map[string]string) {
	t.Helper()
	_, err := c.api.CoreV1().ConfigMaps(c.root).Create(
		t.Context(),
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Data: data},
		client.Creating,
	)
	if err != nil {
		t.Fatal(err)
	}
}

// helmReleaseOf creates a Helm release of an istiod, with a ClusterRole without the
// revision's label, and a tag that is not part of it.
func helmReleaseOf(t *testing.T, c *fixture, revision string) {
	t.Helper()
	plane := "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: istiod-%[1]s, labels: {app: istiod, istio.io/rev: %[1]s}}\n---\n" +
		"apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: istiod-%[1]s}\n---\n" +
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: tagged-%[1]s}\n---\n" +
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio-%[1]s}\n"
	configMap(t, c, "tagged-"+revision, map[string]string{istio.TagLabel: "prod", mesh.RevisionLabel: revision}, nil)
	_, err := c.api.JSON.Post().AbsPath("/apis/rbac.authorization.k8s.io/v1/clusterroles").Param("fieldManager", v1alpha1.FieldManager).
		Body(body(t, rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "istiod-" + revision}})).Do(t.Context()).Raw()
	if err != nil {
		t.Fatal(err)
	}
	release := gzipped(t, body(t, map[string]any{"name": "istiod-" + revision, "manifest": fmt.Sprintf(plane, revision)}))
	_, err = c.api.CoreV1().Secrets(c.root).Create(
		t.Context(),
		&corev1.Secret{Type: releaseType, ObjectMeta: metav1.ObjectMeta{Name: "sh.helm.release.v1.istiod-" + revision + ".v1",
			Labels: map[string]string{"owner": "helm", "name": "istiod-" + revision, "status": "deployed"}},
			Data: map[string][]byte{"release": []byte(base64.StdEncoding.EncodeToString(release))}},
		client.Creating,
	)
	if err != nil {
		t.Fatal(err)
	}
}

func body(t *testing.T, object any) []byte {
	t.Helper()
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func gzipped(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
