// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// kruise serves one StatefulSet of OpenKruise, and notes the path of a patch.
func kruise(t *testing.T) (*fixture, *string) {
	t.Helper()
	patched := new(string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Method == http.MethodPatch:
			*patched = r.URL.Path
			fmt.Fprint(w, `{"apiVersion":"apps.kruise.io/v1beta1","kind":"StatefulSet","metadata":{"name":"db","namespace":"shop"}}`)
		case r.URL.Path == "/apis/apps.kruise.io/v1beta1":
			fmt.Fprint(w, `{"resources":[{"name":"statefulsets/status","kind":"StatefulSet"},{"name":"statefulsets","kind":"StatefulSet"}]}`)
		case r.URL.Path == "/apis/apps.kruise.io/v1beta1/statefulsets":
			fmt.Fprint(w, `{"metadata":{},"items":[{"metadata":{"name":"db","namespace":"shop","uid":"kruise"},"spec":{"replicas":3}}]}`)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return connected(t, &rest.Config{Host: server.URL}), patched
}

// OpenKruise's Advanced StatefulSet has the name of Kubernetes' own and is another kind:
// it moves by a rule alone, and its own object says how many pods it wants.
func TestStatefulSetOfOtherProject(t *testing.T) {
	c, patched := kruise(t)
	look := func(n int) mesh.Workload {
		t.Helper()
		l := &observation{}
		l.found.namespaces = []mesh.Namespace{{Name: "shop", Labels: map[string]string{"istio.io/rev": "old"}}}
		for i := range n {
			of := owns("StatefulSet", "db", "kruise")
			of[0].APIVersion = "apps.kruise.io/v1beta1"
			p := podWithProxy("shop", fmt.Sprintf("db-%d", i), of, false)
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
			o, _ := podOf(&p)
			l.found.pods = append(l.found.pods, o)
		}
		c.reader().readCustomOwners(t.Context(), l)
		list := l.found.workloads()
		if len(list) != 1 {
			t.Fatalf("read as %+v", list)
		}
		return list[0]
	}
	w := look(3)
	if w.Ref() != "StatefulSet.apps.kruise.io shop/db" || w.ReadError != "" || w.Replicas != 3 || w.Resource != "statefulsets" ||
		w.Rollout.OnDelete {
		t.Errorf("read as %+v", w)
	}
	if p := strategy.Decide(step.Policy{}, w); p.Strategy != step.Blocked ||
		!strings.Contains(p.Remedy, "'StatefulSet.apps.kruise.io shop/db=evict'") {
		t.Errorf("without a rule: %+v", p)
	}
	rules := []step.Rule{{Kind: mesh.StatefulSet, Strategy: step.ByEviction}}
	if p := strategy.Decide(step.Policy{Rules: rules}, w); p.Moves() {
		t.Errorf("moved by a rule for Kubernetes' template: %+v", p)
	}
	rules[0].Kind = mesh.ParseKind("statefulset.apps.kruise.io")
	if p := strategy.Decide(step.Policy{Rules: rules}, w); p.Strategy != step.ByEviction {
		t.Errorf("by its rule: %+v", p)
	}
	if next, first := strategy.NextEviction(look(2), "new"); first == "" {
		t.Errorf("with 2 of 3 pods there, %s is evicted next", next.Name)
	}
	change := step.Change{
		Verb: step.Patch, API: w.APIVersion, Kind: string(w.Kind), Namespace: "shop", Name: "db", Patch: []byte(`{}`),
	}
	want := "/apis/apps.kruise.io/v1beta1/namespaces/shop/statefulsets/db"
	if err := c.Write(t.Context(), change); err != nil || *patched != want {
		t.Errorf("got patched %q, %v, want %q", *patched, err, want)
	}
}

func TestQualifiedKind(t *testing.T) {
	for _, c := range []struct{ api, kind, want string }{
		{"apps/v1", "StatefulSet", "StatefulSet"},
		{"batch/v1beta1", "CronJob", "CronJob"},
		{"batch/v1", "Job", "Job"},
		{"v1", "Node", "Node"},
		{"v1", "ReplicationController", "ReplicationController"},
		{"argoproj.io/v1alpha1", "Rollout", "Rollout"},
		{"apps.kruise.io/v1alpha1", "DaemonSet", "DaemonSet.apps.kruise.io"},
		{"batch.volcano.sh/v1alpha1", "Job", "Job.batch.volcano.sh"},
		{"rollouts.kruise.io/v1beta1", "Rollout", "Rollout.rollouts.kruise.io"},
		{"apps.kruise.io/v1alpha1", "CloneSet", "CloneSet"},
	} {
		if got := qualifiedKind(c.api, c.kind); string(got) != c.want {
			t.Errorf("%s of %s: %s", c.kind, c.api, got)
		}
	}
}
