// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"github.com/google/go-cmp/cmp"
	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/cluster/lease"
	"github.com/rerig/rerig/internal/cluster/record"
	"github.com/rerig/rerig/internal/cluster/rights"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"slices"
	"strings"
	"testing"
	"time"
)

// testRights grants a user exactly the rights in the tables and does everything as that
// user: none may be missing, and none be unused.
func testRights(t *testing.T, admin *fixture, config *rest.Config) {
	seen := &recorder{}
	user := connected(t, seen.on(config))
	if _, err := user.Observe(t.Context()); !errors.Is(err, engine.ErrRefused) || !strings.Contains(err.Error(), "no permission") {
		t.Errorf("observed without permission: %v", err)
	}
	if err := user.Write(t.Context(), define); !errors.Is(err, engine.ErrRefused) {
		t.Errorf("acted without permission: %v", err)
	}
	if err := user.Hold(t.Context(), "u", time.Second, nil, nil); !errors.Is(err, engine.ErrRefused) {
		t.Errorf("held without permission: %v", err)
	}
	lacking(t, user, rights.Reading(user.root), rights.Reading(user.root))
	grant(t, admin, "observing", rights.Reading(user.root))
	settle(t, user, rights.Reading(user.root))
	running(t, admin, admin.root, "istiod-0", map[string]string{"app": "istiod"}, nil)
	running(t, admin, "shop", "job-0", nil, owns("Job", "job", "job-uid"))
	w, err := user.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(w.Workloads) == 0 {
		t.Error("nothing was observed")
	}
	if len(w.Capacity.Unknown) != 3 {
		t.Errorf("without the rights: got %v as unknown capacity", w.Capacity.Unknown)
	}
	if _, err := user.List(t.Context()); err != nil {
		t.Error(err)
	}
	if err := user.Write(
		t.Context(),
		labelChange(t, "shop", mesh.BindingTo("1-31-0"), mesh.BindingTo("x")),
	); !errors.Is(err, engine.ErrRefused) {
		t.Errorf("acted while permitted only to observe: %v", err)
	}
	lacking(t, user, rights.Writing(user.root), rights.Writing(user.root))
	grant(t, admin, "acting", rights.Writing(user.root))
	settle(t, user, rights.Writing(user.root))
	lacking(t, user, append(rights.Reading(user.root), rights.Writing(user.root)...), nil)
	grant(t, admin, "trying", planned(step.Trial))
	settle(t, user, planned(step.Trial))
	grant(t, admin, "helpful", rights.Optional(user.root))
	settle(t, user, rights.Optional(user.root))
	grant(t, admin, "swapping", planned(step.Swap))
	settle(t, user, planned(step.Swap))
	user.Swaps = true
	if list, err := user.reader().podSelectors(t.Context()); err != nil ||
		!slices.ContainsFunc(list, func(s podSelector) bool { return s.Effect == mesh.NotListable }) {
		t.Errorf("what goes by labels is known without permission for it: %v, %v", list, err)
	}
	grant(t, admin, "choosing", rights.ReadingSelectors())
	settle(t, user, rights.ReadingSelectors())
	grant(t, admin, "removing", removing(user))
	settle(t, user, removing(user))
	detachedPod(t, admin)
	user.cache.nodesAt = time.Time{}
	forget(t, admin)
	seen.mu.Lock()
	seen.asked, seen.applied = nil, nil
	seen.mu.Unlock()
	everything(t, user)
	onTrials(t, admin, user)
	onRemoval(t, admin, user)
	compareRights(
		t,
		seen,
		slices.Concat(
			rights.Reading(user.root),
			rights.Writing(user.root),
			planned(step.Trial),
			rights.Optional(user.root),
			planned(step.Swap),
			rights.ReadingSelectors(),
			removing(user),
		),
	)
}

// planned returns what a plan with such a step needs.
func planned(kind step.Kind) []rights.Right {
	return rights.ForSteps([]step.Step{{Kind: kind}}, "istio-system")
}

// forget deletes what a first run would not find.
func forget(t *testing.T, c *fixture) {
	t.Helper()
	if err := c.api.CoordinationV1().Leases(c.root).Delete(t.Context(), lease.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	definition := append(client.Path(istio.Definitions), record.DefinitionName)
	if err := c.api.JSON.Delete().AbsPath(definition...).Do(t.Context()).Error(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if err := c.api.JSON.Get().AbsPath(definition...).Do(t.Context()).Error(); apierrors.IsNotFound(err) {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the definition stays")
		}
	}
}

// everything does what a run does.
func everything(t *testing.T, c *fixture) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	_, err := c.Observe(t.Context())
	must(err)
	s, err := c.Setups(t.Context(), []string{"shop"})
	must(err)
	if len(s.Unknown) > 0 {
		t.Errorf("not compared: %v", s.Unknown)
	}
	routes, err := c.reader().Routes(t.Context())
	must(err)
	if len(routes.Unknown) > 0 {
		t.Errorf("routes not read: %v", routes.Unknown)
	}
	_, err = c.List(t.Context())
	must(err)
	must(c.Write(t.Context(), define))
	must(c.Write(t.Context(), labelChange(t, "shop", mesh.BindingTo("1-31-0"), mesh.BindingTo("x"))))
	for _, kind := range []mesh.Kind{mesh.Deployment, mesh.StatefulSet, mesh.DaemonSet} {
		restart := step.Step{Kind: step.Restart, Subject: step.Subject(string(kind) + " shop/web")}
		change, err := plan.Render(restart, step.Target{Run: "r"}, time.Now())
		must(err)
		must(c.Write(t.Context(), change[0]))
	}
	if err := c.Write(t.Context(), step.Change{Verb: step.EvictPod, Kind: "Pod", Namespace: "shop", Name: "gone", Expect: "x"}); !errors.Is(
		err,
		engine.ErrConflict,
	) {
		t.Errorf("a pod that is not there is evicted: %v", err)
	}
	_, err = c.Create(
		t.Context(),
		v1alpha1.MeshUpgrade{ObjectMeta: metav1.ObjectMeta{Name: "swap"}, Spec: v1alpha1.MeshUpgradeSpec{Revision: "r"}},
	)
	must(err)
	swapDetachedPod(t, c)
	m, err := c.Create(
		t.Context(),
		v1alpha1.MeshUpgrade{ObjectMeta: metav1.ObjectMeta{Name: "permitted"}, Spec: v1alpha1.MeshUpgradeSpec{Revision: "r"}},
	)
	must(err)
	_, err = c.Replace(t.Context(), m, v1alpha1.MeshUpgradeSpec{Revision: "s"})
	must(err)
	must(c.SetRollback(t.Context(), "permitted", true))
	j := c.Record("permitted")
	_, _, err = j.Load(t.Context())
	must(err)
	must(j.Save(t.Context(), step.Ledger{}, engine.Summary{Phase: "Upgrading"}))
	must(c.Hold(t.Context(), "permitted", 2*time.Second, func(string) {}, func(ctx context.Context) error {
		_, err := c.Holder(ctx)
		return err
	}))
	if _, err := c.Certificate(t.Context(), "shop", "job-0"); err == nil || strings.Contains(err.Error(), "forbidden") {
		t.Errorf("a pod without a kubelet answered, or may not be asked: %v", err)
	}
}

// swapDetachedPod makes the moves of a swap on a detached pod.
func swapDetachedPod(t *testing.T, c *fixture) {
	t.Helper()
	w, err := c.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen, _ := w.Workload("Deployment swap/web")
	i := slices.IndexFunc(seen.Pods, func(p mesh.Pod) bool { return p.Name == "web-9" })
	if i < 0 {
		t.Fatalf("a detached pod is not observed: got %+v", seen)
	}
	seen.Services, seen.ReplicaSetHash = []mesh.Service{
		{Name: "web", Selector: map[string]string{"app": "web"}, Ports: []mesh.Port{{Number: 80, Target: "80", Protocol: "TCP"}}},
	}, "h1"
	act(t, c, swap.CreateKeeper, mesh.Pod{}, seen, nil)
	seen.Keeper = "rerig-kept-" + "none"
	act(t, c, swap.DeleteKeeper, mesh.Pod{}, seen, engine.ErrConflict)
	w, err = c.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now, _ := w.Workload("Deployment swap/web")
	seen.Keeper = now.Keeper
	act(t, c, swap.DeleteKeeper, mesh.Pod{}, seen, nil)
	act(t, c, swap.Park, seen.Pods[i], seen, nil)
	parked := seen.Pods[i]
	parked.Swap.Place = mesh.Parked
	act(t, c, swap.DeletePod, parked, seen, nil)
}

// detachedPod creates a pod that a swap detached.
func detachedPod(t *testing.T, admin *fixture) {
	t.Helper()
	running(t, admin, "swap", "web-9", map[string]string{"app": "web"}, nil)
	wl := mesh.Workload{Kind: mesh.Deployment, Namespace: "swap", Name: "web", ReplicaSetHash: "h1"}
	found, err := admin.api.CoreV1().Pods("swap").Get(t.Context(), "web-9", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	act(t, admin, swap.Detach, mesh.Pod{Name: "web-9", UID: string(found.UID)}, wl, nil)
}

// act makes one move of a swap.
func act(t *testing.T, c *fixture, kind swap.ActionKind, p mesh.Pod, wl mesh.Workload, want error) {
	t.Helper()
	changes, err := swap.Render(swap.Action{Kind: kind, Pod: p, Other: p}, wl, step.Target{Run: "swap"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Write(t.Context(), changes[0]); !errors.Is(err, want) {
		t.Errorf("%s: %v", kind, err)
	}
}

// compareRights compares the requested rights with the granted ones.
func compareRights(t *testing.T, seen *recorder, granted []rights.Right) {
	t.Helper()
	seen.mu.Lock()
	defer seen.mu.Unlock()
	// Applying what is not there yet is creating it, for the authorizer.
	for _, asked := range seen.applied {
		seen.asked = append(seen.asked, rights.Right{Verb: "create", Group: asked.Group, Resource: asked.Resource, Namespace: asked.Namespace})
	}
	for _, asked := range seen.asked {
		// A websocket is asked for by GET; who may only create goes on with SPDY.
		if asked.Resource == "pods/portforward" {
			asked.Verb = "create"
		}
		if !strings.HasSuffix(asked.Resource, "accessreviews") &&
			!slices.ContainsFunc(granted, func(p rights.Right) bool { return covers(p, asked) }) {
			t.Errorf("%s is needed and on no list", asked)
		}
	}
	for _, p := range granted {
		if !slices.ContainsFunc(seen.asked, func(asked rights.Right) bool { return covers(p, asked) }) {
			t.Errorf("%s is on a list and not needed", p)
		}
	}
}

func lacking(t *testing.T, c *fixture, wanted, want []rights.Right) {
	t.Helper()
	got, err := c.Missing(t.Context(), wanted)
	if diff := cmp.Diff(want, got); err != nil || diff != "" && len(want)+len(got) > 0 {
		t.Errorf("lacking: %v (-want +got):\n%s", err, diff)
	}
}

// settle waits until the authorizer knows the granted rights.
func settle(t *testing.T, c *fixture, granted []rights.Right) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if lacks, err := c.Missing(t.Context(), granted); err == nil && len(lacks) == 0 {
			return
		}
	}
	t.Fatal("what was granted is still missing")
}

// grant gives the user somebody one role for each right.
func grant(t *testing.T, c *fixture, name string, granted []rights.Right) {
	t.Helper()
	for n, p := range granted {
		rule := rbacv1.PolicyRule{Verbs: []string{p.Verb}, APIGroups: []string{p.Group}, Resources: []string{p.Resource}}
		if p.Name != "" {
			rule.ResourceNames = []string{p.Name}
		}
		object := metav1.ObjectMeta{Name: fmt.Sprintf("%s-%d", name, n), Namespace: p.Namespace}
		kind, path := "ClusterRole", "/apis/rbac.authorization.k8s.io/v1/"
		if p.Namespace != "" {
			kind, path = "Role", path+"namespaces/"+p.Namespace+"/"
		}
		subject := []rbacv1.Subject{{Kind: "User", APIGroup: rbacv1.GroupName, Name: "somebody"}}
		role := rbacv1.ClusterRole{
			TypeMeta:   metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: kind},
			ObjectMeta: object,
			Rules:      []rbacv1.PolicyRule{rule},
		}
		binding := rbacv1.ClusterRoleBinding{
			TypeMeta:   metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: kind + "Binding"},
			ObjectMeta: object,
			Subjects:   subject,
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: object.Name},
		}
		post(t, c, path+strings.ToLower(kind)+"s", role)
		post(t, c, path+strings.ToLower(kind)+"bindings", binding)
	}
}

// running creates a pod whose status says that it runs.
func running(t *testing.T, c *fixture, namespace, name string, labels map[string]string, owners []metav1.OwnerReference) {
	t.Helper()
	for i := range owners {
		owners[i].APIVersion = "batch/v1"
	}
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels, OwnerReferences: owners, Annotations: map[string]string{"istio.io/rev": "r"}},
		Spec:       corev1.PodSpec{NodeName: "none", Containers: []corev1.Container{{Name: "istio-proxy", Image: "proxyv2:1.29.1"}}},
	}
	made, err := c.api.CoreV1().Pods(namespace).Create(t.Context(), p, client.Creating)
	if err != nil {
		t.Fatal(err)
	}
	made.Status.Phase = corev1.PodRunning
	if _, err := c.api.CoreV1().Pods(namespace).UpdateStatus(t.Context(), made, client.Updating); err != nil {
		t.Fatal(err)
	}
}

func post(t *testing.T, c *fixture, path string, object any) {
	t.Helper()
	body, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.api.JSON.Post().AbsPath(path).Param("fieldManager", v1alpha1.FieldManager).Body(body).Do(t.Context()).Error(); err != nil {
		t.Fatal(err)
	}
}
