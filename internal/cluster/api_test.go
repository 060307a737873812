// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
)

// TestServer runs everything that needs a real API server against one.
func TestServer(t *testing.T) {
	admin, user := serve(t)
	seen := &recorder{}
	c := connected(t, seen.on(admin))
	labelled(t, c, c.Root, nil)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *Cluster)
	}{
		{"definition", testDefinition},
		{"record", testRecord},
		{"another hand on the record", testRecordDisturbed},
		{"label", testLabel},
		{"restart", testRestart},
		{"pages", testPages},
		{"lease", testLease},
		{"lease lost", testLeaseLost},
	} {
		if !t.Run(test.name, func(t *testing.T) { test.run(t, c) }) && test.name == "definition" {
			t.FailNow()
		}
	}
	t.Run("conflict", func(t *testing.T) { testConflict(t, c, admin) })
	t.Run("permissions", func(t *testing.T) { testPermissions(t, c, user) })
	t.Run("manager", func(t *testing.T) { managed(t, seen) })
}

func connected(t *testing.T, config *rest.Config) *Cluster {
	t.Helper()
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	c.Patience = time.Second
	return c
}

func labelled(t *testing.T, c *Cluster, name string, labels map[string]string) {
	t.Helper()
	_, err := c.core.Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}, metav1.CreateOptions{FieldManager: v1alpha1.FieldManager})
	if err != nil {
		t.Fatal(err)
	}
}

var define = plan.Change{Verb: plan.Apply, Kind: "CustomResourceDefinition", Name: definitionName}

func testDefinition(t *testing.T, c *Cluster) {
	if w, err := c.Observe(t.Context()); err != nil || w.Defined {
		t.Fatalf("before: defined %t, %v", w.Defined, err)
	}
	if list, err := c.List(t.Context()); err != nil || list != nil {
		t.Errorf("without a definition: %v, %v", list, err)
	}
	for range 2 { // applied again it stays
		if err := c.Act(t.Context(), define); err != nil {
			t.Fatal(err)
		}
	}
	if w, err := c.Observe(t.Context()); err != nil || !w.Defined {
		t.Errorf("after: defined %t, %v", w.Defined, err)
	}
}

func someLedger() plan.Ledger {
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	return plan.Ledger{
		Baseline: plan.Baseline{Bindings: map[string]string{"shop": "istio-injection=enabled"}, Revisions: map[string]string{"shop": "default"}, Sidecars: map[string]string{"Deployment shop/web": "default"}},
		Waves:    [][]string{{"shop"}},
		Approved: []plan.Step{{Kind: plan.Label, Wave: 1, Subject: "shop", From: "a", To: "b"}},
		Passed:   map[string]plan.Pass{"x": {At: at, Evidence: "seen"}},
		Started:  at,
	}
}

func testRecord(t *testing.T, c *Cluster) {
	file, err := ReadMeshUpgrade([]byte(wholeFile))
	if err != nil {
		t.Fatal(err)
	}
	created, err := c.Create(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(file.Spec, created.Spec); diff != "" {
		t.Errorf("the API server keeps another spec (-file +kept):\n%s", diff)
	}
	if _, err := c.Create(t.Context(), file); !errors.Is(err, engine.ErrDisturbed) {
		t.Errorf("created twice: %v", err)
	}
	j := c.Journal(file.Name)
	if _, l, err := j.Load(t.Context()); err != nil || !l.Started.IsZero() {
		t.Fatalf("a new record: %v, %v", l, err)
	}
	hold := &plan.Hold{Reason: v1alpha1.ReasonCheckFailed, Subject: "shop", Message: "no"}
	for _, s := range []engine.Summary{{Phase: "Upgrading", Waves: "0/1", Digest: "d", Message: "m"}, {Phase: "Held", Hold: hold}} {
		if err := j.Save(t.Context(), someLedger(), s); err != nil {
			t.Fatal(err)
		}
	}
	_, got, err := c.Journal(file.Name).Load(t.Context())
	if diff := cmp.Diff(someLedger(), got); err != nil || diff != "" {
		t.Errorf("the ledger came back different: %v\n%s", err, diff)
	}
	list, err := c.List(t.Context())
	if err != nil || len(list) != 1 || list[0].Status.Phase != v1alpha1.Held || len(list[0].Status.Conditions) != 2 {
		t.Errorf("listed: %+v, %v", list, err)
	}
	again, err := c.Replace(t.Context(), list[0], v1alpha1.MeshUpgradeSpec{Revision: "other"})
	if err != nil || again.Spec.Revision != "other" || again.Status.Ledger != nil || again.Status.Phase != "" {
		t.Errorf("begun anew: %+v, %v", again, err)
	}
	if _, err := c.Replace(t.Context(), list[0], v1alpha1.MeshUpgradeSpec{Revision: "third"}); !errors.Is(err, engine.ErrDisturbed) {
		t.Errorf("begun anew from an old reading: %v", err)
	}
	if _, _, err := c.Journal("nobody").Load(t.Context()); !errors.Is(err, ErrNoRun) {
		t.Errorf("a run that is not there: %v", err)
	}
}

func testRecordDisturbed(t *testing.T, c *Cluster) {
	if _, err := c.Create(t.Context(), v1alpha1.MeshUpgrade{ObjectMeta: metav1.ObjectMeta{Name: "two"}, Spec: v1alpha1.MeshUpgradeSpec{Revision: "r"}}); err != nil {
		t.Fatal(err)
	}
	j := c.Journal("two")
	if _, _, err := j.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.SetRollback(t.Context(), "two", true); err != nil {
		t.Fatal(err)
	}
	if err := j.Save(t.Context(), someLedger(), engine.Summary{Phase: "Upgrading"}); !errors.Is(err, engine.ErrDisturbed) {
		t.Errorf("saved over another hand: %v", err)
	}
	intent, l, err := j.Load(t.Context())
	if err != nil || !intent.Rollback || !l.Started.IsZero() {
		t.Errorf("after: %+v, %+v, %v", intent, l, err)
	}
	if err := j.Save(t.Context(), someLedger(), engine.Summary{Phase: "RollingBack"}); err != nil {
		t.Error(err)
	}
}

// relabelling is a change from one binding to another.
func relabelling(t *testing.T, name string, from, to mesh.Binding) plan.Change {
	t.Helper()
	change, err := plan.Render(plan.Step{Kind: plan.Label, Subject: name, From: from.String(), To: to.String()}, plan.Target{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return change
}

func testLabel(t *testing.T, c *Cluster) {
	enabled := mesh.Binding{Injection: mesh.Label{Set: true, Value: "enabled"}}
	_, err := c.core.Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop",
		Labels: map[string]string{"istio-injection": "enabled", "team": "blue"}}}, metav1.CreateOptions{FieldManager: v1alpha1.FieldManager + "-not"})
	if err != nil {
		t.Fatal(err)
	}
	change := relabelling(t, "shop", enabled, mesh.Pinned("1-31-0"))
	if err := c.Act(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	found, err := c.core.Namespaces().Get(t.Context(), "shop", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"istio.io/rev": "1-31-0", "team": "blue", "kubernetes.io/metadata.name": "shop"}
	if diff := cmp.Diff(want, found.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"f:metadata f:labels f:istio.io/rev"}, fields(t, found.ManagedFields)); diff != "" {
		t.Errorf("what rerig manages (-want +got):\n%s", diff)
	}
	if err := c.Act(t.Context(), change); !errors.Is(err, engine.ErrDisturbed) {
		t.Errorf("from a binding that is not there any more: %v", err)
	}
	change.Name = "nowhere"
	if err := c.Act(t.Context(), change); !errors.Is(err, engine.ErrDisturbed) {
		t.Errorf("of a namespace that is not there: %v", err)
	}
}

// fields lists the leaves that the field manager rerig owns.
func fields(t *testing.T, managed []metav1.ManagedFieldsEntry) []string {
	t.Helper()
	var leaves []string
	var walk func(path string, v map[string]any)
	walk = func(path string, v map[string]any) {
		for key, value := range v {
			if below, ok := value.(map[string]any); ok && len(below) > 0 {
				walk(path+key+" ", below)
			} else if key != "." {
				leaves = append(leaves, path+key)
			}
		}
	}
	for _, m := range managed {
		if m.Manager == v1alpha1.FieldManager {
			var tree map[string]any
			if err := json.Unmarshal(m.FieldsV1.Raw, &tree); err != nil {
				t.Fatal(err)
			}
			walk("", tree)
		}
	}
	slices.Sort(leaves)
	return leaves
}

// template is the least that a pod template may be.
func template(labels map[string]string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app:1"}}}}
}

func testRestart(t *testing.T, c *Cluster) {
	labels := map[string]string{"app": "web"}
	selector := &metav1.LabelSelector{MatchLabels: labels}
	object, other := metav1.ObjectMeta{Name: "web", Namespace: "shop"}, metav1.CreateOptions{FieldManager: v1alpha1.FieldManager + "-not"}
	_, err1 := c.apps.Deployments("shop").Create(t.Context(), &appsv1.Deployment{ObjectMeta: object, Spec: appsv1.DeploymentSpec{Selector: selector, Template: template(labels)}}, other)
	_, err2 := c.apps.StatefulSets("shop").Create(t.Context(), &appsv1.StatefulSet{ObjectMeta: object, Spec: appsv1.StatefulSetSpec{Selector: selector, Template: template(labels)}}, other)
	_, err3 := c.apps.DaemonSets("shop").Create(t.Context(), &appsv1.DaemonSet{ObjectMeta: object, Spec: appsv1.DaemonSetSpec{Selector: selector, Template: template(labels)}}, other)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	before, err := c.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	when := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for _, kind := range []mesh.Kind{mesh.Deployment, mesh.StatefulSet, mesh.DaemonSet} {
		key := string(kind) + " shop/web"
		change, err := plan.Render(plan.Step{Kind: plan.Restart, Subject: key}, plan.Target{Run: "up"}, when)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Act(t.Context(), change); err != nil {
			t.Fatal(err)
		}
		after, err := c.Observe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		was, _ := before.Workload(key)
		is, ok := after.Workload(key)
		if !ok || is.Stamp != (mesh.Stamp{Run: "up", At: when}) || is.Template.Hash == was.Template.Hash || is.Rollout.Done {
			t.Errorf("%s after its restart: %+v", key, is)
		}
	}
	d, err := c.apps.Deployments("shop").Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	stamp := "f:spec f:template f:metadata f:annotations f:rerig.dev/"
	if diff := cmp.Diff([]string{stamp + "restarted-at", stamp + "run"}, fields(t, d.ManagedFields)); diff != "" {
		t.Errorf("what rerig manages (-want +got):\n%s", diff)
	}
	if err := c.Act(t.Context(), plan.Change{Verb: plan.Put, Kind: "Revision", Name: "x"}); err == nil {
		t.Error("installed without an installer")
	}
	for _, change := range []plan.Change{{Verb: plan.Patch, Kind: "Secret", Name: "x"}, {Verb: "remove", Kind: "Namespace", Name: "shop"}} {
		if err := c.Act(t.Context(), change); err == nil {
			t.Errorf("%s of a %s was carried out", change.Verb, change.Kind)
		}
	}
}

func testPages(t *testing.T, c *Cluster) {
	labelled(t, c, "many", map[string]string{"istio.io/rev": "r"})
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(16)
	const n = pageSize + 20
	for i := range n {
		group.Go(func() error {
			labels := map[string]string{"n": fmt.Sprint(i)}
			_, err := c.apps.Deployments("many").Create(ctx, &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("d-%d", i)},
				Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template(labels)}}, metav1.CreateOptions{FieldManager: v1alpha1.FieldManager})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	w, err := c.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, wl := range w.Workloads {
		if wl.Namespace == "many" {
			found++
		}
	}
	if found != n {
		t.Errorf("of %d workloads on two pages %d were seen", n, found)
	}
	again, err := c.Observe(t.Context())
	if diff := cmp.Diff(w, again); err != nil || diff != "" {
		t.Errorf("two looks at the same mesh differ: %v\n%s", err, diff)
	}
}

// testConflict lets somebody else write between our reading and our writing.
func testConflict(t *testing.T, c *Cluster, admin *rest.Config) {
	labelled(t, c, "raced", map[string]string{"istio.io/rev": "a"})
	between := &recorder{}
	between.before = func(r *http.Request) {
		if r.Method == http.MethodPatch {
			if err := c.Act(context.Background(), relabelling(t, "raced", mesh.Pinned("a"), mesh.Pinned("theirs"))); err != nil {
				t.Error(err)
			}
		}
	}
	ours := connected(t, between.on(admin))
	if err := ours.Act(t.Context(), relabelling(t, "raced", mesh.Pinned("a"), mesh.Pinned("ours"))); !errors.Is(err, engine.ErrDisturbed) {
		t.Errorf("wrote over another hand: %v", err)
	}
	found, err := c.core.Namespaces().Get(t.Context(), "raced", metav1.GetOptions{})
	if err != nil || found.Labels["istio.io/rev"] != "theirs" {
		t.Errorf("after: %v, %v", found.Labels, err)
	}
}

// managed demands the field manager's name on every write that was recorded,
// but for the Lease's, which takes none.
func managed(t *testing.T, seen *recorder) {
	seen.mu.Lock()
	defer seen.mu.Unlock()
	for _, r := range seen.writes {
		manager := r.URL.Query().Get("fieldManager")
		if !strings.HasPrefix(manager, v1alpha1.FieldManager) && r.Method != http.MethodDelete && !strings.Contains(r.URL.Path, "/leases") {
			t.Errorf("%s %s is written as %q", r.Method, r.URL.Path, manager)
		}
	}
	if len(seen.writes) < 10 {
		t.Errorf("only %d writes were recorded", len(seen.writes))
	}
	for _, limit := range seen.pages {
		if limit != fmt.Sprint(pageSize) {
			t.Errorf("a list asks for %q objects", limit)
		}
	}
}
