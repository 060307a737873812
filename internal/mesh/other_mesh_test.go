// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"slices"
	"testing"
)

// hooksCalling returns the webhooks of a revision that call the istiod of a namespace.
func hooksCalling(namespace, revision, tag string) []Webhook {
	name := revision
	if tag != "" {
		name = tag
	}
	h := Webhook{Configuration: "injector-" + name + "-" + namespace, Revision: revision, Tag: tag, Service: namespace + "/istiod-" + revision}
	byNamespace, byPod := h, h
	byNamespace.Namespaces = Selector{{Key: RevisionLabel, Operator: In, Values: []string{name}}}
	byPod.Namespaces = Selector{{Key: RevisionLabel, Operator: DoesNotExist}}
	byPod.Objects = Selector{{Key: RevisionLabel, Operator: In, Values: []string{name}}}
	return []Webhook{byNamespace, byPod}
}

// workloadOf returns a workload with one pod that has a proxy of a revision.
func workloadOf(namespace, name, revision, root string, labels map[string]string) Workload {
	return Workload{Kind: Deployment, Namespace: namespace, Name: name, Replicas: 1, Template: Template{Labels: labels},
		Pods: []Pod{{Name: name + "-1", Sidecar: Sidecar{Present: revision != "", Revision: revision, Mesh: root}}}}
}

// twoMeshes returns the mesh in istio-system beside one in mesh-b, both with a revision 1-29-1,
// and mesh-b with a revision blue and a tag prod as well.
func twoMeshes() World {
	w := World{RootNamespace: "istio-system"}
	w.Webhooks = slices.Concat(hooksCalling("istio-system", "1-29-1", ""), hooksCalling("istio-system", "1-29-1", "prod"),
		hooksCalling("mesh-b", "blue", ""), hooksCalling("mesh-b", "1-29-1", "team-b"),
		[]Webhook{{Configuration: "remote", Revision: "remote", Service: "https://istiod.example:443/inject/x",
			Namespaces: Selector{{Key: RevisionLabel, Operator: In, Values: []string{"remote"}}}}})
	for name, revision := range map[string]string{
		"shop": "1-29-1", "orders": "prod", "blue": "blue", "tagged": "team-b", "left": "blue", "stale": "gone", "far": "remote",
	} {
		w.Namespaces = append(w.Namespaces, Namespace{Name: name, Labels: map[string]string{RevisionLabel: revision}})
	}
	for _, name := range []string{"free", "istio-system", "mesh-b"} {
		w.Namespaces = append(w.Namespaces, Namespace{Name: name})
	}
	w.Workloads = []Workload{
		workloadOf("shop", "web", "1-29-1", "istio-system", nil),
		workloadOf("blue", "web", "blue", "mesh-b", nil),
		workloadOf("tagged", "web", "1-29-1", "mesh-b", nil),
		workloadOf("tagged", "plain", "", "", nil),
		workloadOf("left", "of-this-mesh", "1-29-1", "istio-system", nil),
		workloadOf("left", "unknown", "blue", "", nil),
		workloadOf("left", "own-revision", "1-20-0", "", nil),
		workloadOf("free", "ours", "1-29-1", "", map[string]string{RevisionLabel: "1-29-1"}),
		workloadOf("free", "theirs", "blue", "", map[string]string{RevisionLabel: "blue"}),
		workloadOf("free", "by-hand", "x", "mesh-b", nil),
		workloadOf("mesh-b", "ingress", "blue", "mesh-b", nil),
	}
	w.Components = []Component{
		{Kind: "Deployment", Namespace: "istio-system", Name: "istiod-1-29-1", Revision: "1-29-1"},
		{Kind: "Deployment", Namespace: "mesh-b", Name: "istiod-1-29-1", Revision: "1-29-1"},
		{Kind: "ClusterRole", Name: "istiod-clusterrole-1-29-1-istio-system", Revision: "1-29-1"},
		{Kind: "ClusterRole", Name: "istiod-clusterrole-1-29-1-mesh-b", Revision: "1-29-1"},
		{Kind: "MutatingWebhookConfiguration", Name: "injector-1-29-1-istio-system", Revision: "1-29-1"},
		{Kind: "MutatingWebhookConfiguration", Name: "injector-team-b-mesh-b", Revision: "1-29-1"},
	}
	w.SeparateMeshes()
	w.Sort()
	return w
}

func TestNamespacesArePartOfTheMeshThatInjects(t *testing.T) {
	w := twoMeshes()
	for name, want := range map[string]string{
		"shop": "", "orders": "", "free": "", "stale": "", "far": "", "istio-system": "",
		"blue": "mesh-b", "tagged": "mesh-b", "left": "mesh-b", "mesh-b": "mesh-b",
	} {
		if ns, _ := w.Namespace(name); ns.Mesh != want {
			t.Errorf("other mesh of namespace %s: got %q, want %q", name, ns.Mesh, want)
		}
	}
	if len(w.OtherMeshes) != 1 {
		t.Fatalf("other meshes: got %v, want one", w.OtherMeshes)
	}
	m := w.OtherMeshes[0]
	if m.RootNamespace != "mesh-b" || !slices.Equal(m.Revisions, []string{"1-29-1", "blue"}) ||
		!slices.Equal(m.Namespaces, []string{"blue", "left", "tagged"}) {
		t.Errorf("other mesh: got %s %v %v", m.RootNamespace, m.Revisions, m.Namespaces)
	}
}

func TestWorkloadsOfOtherMeshesAreLeftOut(t *testing.T) {
	var got []string
	for _, wl := range twoMeshes().Workloads {
		got = append(got, wl.Namespace+"/"+wl.Name)
	}
	want := []string{"free/ours", "left/of-this-mesh", "left/own-revision", "shop/web"}
	if !slices.Equal(got, want) {
		t.Errorf("workloads: got %v, want %v", got, want)
	}
}

func TestComponentsOfOtherMeshesAreLeftOut(t *testing.T) {
	var got []string
	for _, c := range twoMeshes().ComponentsOf("1-29-1") {
		got = append(got, c.String())
	}
	want := []string{
		"MutatingWebhookConfiguration injector-1-29-1-istio-system", "Deployment istio-system/istiod-1-29-1",
		"ClusterRole istiod-clusterrole-1-29-1-istio-system",
	}
	if !slices.Equal(got, want) {
		t.Errorf("components: got %v, want %v", got, want)
	}
}

func TestConfigOfOtherMesh(t *testing.T) {
	w := twoMeshes()
	w.Revisions = []Revision{{Name: "1-29-1"}}
	for _, tc := range []struct {
		config PartialConfig
		want   bool
	}{
		{config: PartialConfig{Subject: "EnvoyFilter shop/lua"}},
		{config: PartialConfig{Subject: "EnvoyFilter blue/lua"}, want: true},
		{config: PartialConfig{Subject: "Sidecar shop/default", Revision: "blue"}, want: true},
		{config: PartialConfig{Subject: "Sidecar shop/default", Revision: "1-29-1"}},
		{config: PartialConfig{Subject: "Sidecar shop/default", Revision: "gone"}},
	} {
		if got := w.ConfigOfOtherMesh(tc.config); got != tc.want {
			t.Errorf("%s of revision %q is another mesh's: got %t, want %t", tc.config.Subject, tc.config.Revision, got, tc.want)
		}
	}
}
