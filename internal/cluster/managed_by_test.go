// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"github.com/rerig/rerig/internal/mesh"
)

// A label that the run wrote into a namespace that a GitOps tool tracks is not managed by
// the tool, which leaves alone what it does not know.
func TestLabelOfRunIsNotManaged(t *testing.T) {
	const argo = "Argo CD application shop"
	by := func(manager, label string) metav1.ManagedFieldsEntry { return wroteLabel(manager, label, ownLabels...) }
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

// wroteLabel returns the entry of a field manager that owns a label, at a path.
func wroteLabel(manager, label string, path ...string) metav1.ManagedFieldsEntry {
	fields := fmt.Sprintf(`{".":{},"f:%s":{}}`, label)
	for i := len(path) - 1; i >= 0; i-- {
		fields = fmt.Sprintf(`{"%s":%s}`, path[i], fields)
	}
	return metav1.ManagedFieldsEntry{Manager: manager, FieldsV1: metav1.NewFieldsV1(fields)}
}

// Any field manager of a label is named, but for people's, Rerig's, Istio's and Kubernetes'
// own, and those of GitOps tools, for which a run waits.
func TestFieldManagersOfLabels(t *testing.T) {
	const rev = mesh.RevisionLabel
	for _, c := range []struct {
		name   string
		fields []metav1.ManagedFieldsEntry
		want   mesh.FieldManager
	}{
		{"nobody", nil, mesh.FieldManager{}},
		{"terraform", []metav1.ManagedFieldsEntry{wroteLabel("Terraform", rev, ownLabels...)},
			mesh.FieldManager{Name: "Terraform", Tool: mesh.Terraform}},
		{"terraform without a manager", []metav1.ManagedFieldsEntry{wroteLabel("HashiCorp", mesh.InjectionLabel, ownLabels...)},
			mesh.FieldManager{Name: "HashiCorp", Tool: mesh.Terraform}},
		{"pulumi", []metav1.ManagedFieldsEntry{wroteLabel("pulumi-kubernetes-5a1b", rev, ownLabels...)},
			mesh.FieldManager{Name: "pulumi-kubernetes-5a1b", Tool: mesh.Pulumi}},
		{"unknown", []metav1.ManagedFieldsEntry{wroteLabel("tenant-operator", rev, ownLabels...)}, mesh.FieldManager{Name: "tenant-operator"}},
		{"begins like kubectl", []metav1.ManagedFieldsEntry{wroteLabel("kubectlator", rev, ownLabels...)},
			mesh.FieldManager{Name: "kubectlator"}},
		{"a known one beside an unknown", []metav1.ManagedFieldsEntry{
			wroteLabel("kubectl-label", rev, ownLabels...), wroteLabel("manager", rev, ownLabels...), wroteLabel("helm", rev, ownLabels...),
		}, mesh.FieldManager{Name: "helm", Tool: mesh.HelmTool}},
		{"another label", []metav1.ManagedFieldsEntry{wroteLabel("Terraform", "team", ownLabels...)}, mesh.FieldManager{}},
		{"an annotation of that name", []metav1.ManagedFieldsEntry{wroteLabel("Terraform", rev, "f:metadata", "f:annotations")},
			mesh.FieldManager{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := metav1.ObjectMeta{ManagedFields: c.fields}
			if got := labelsSetBy(&m, ownLabels, rev, mesh.InjectionLabel); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
	for _, nobody := range []string{"kubectl", "kubectl-label", "kubectl-edit", "kubectl-patch", "kubectl-client-side-apply", "rerig",
		"istioctl", "pilot-discovery", "kube-controller-manager", "kube-apiserver", "argocd-controller", "kustomize-controller"} {
		m := metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{wroteLabel(nobody, rev, ownLabels...)}}
		if got := labelsSetBy(&m, ownLabels, rev); got.Name != "" {
			t.Errorf("%s: got %+v, want none", nobody, got)
		}
	}
}

// The label of a template has its own field manager.
func TestFieldManagersOfTemplates(t *testing.T) {
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{
		wroteLabel("kubectl-label", mesh.RevisionLabel, ownLabels...), wroteLabel("Terraform", mesh.RevisionLabel, templateLabels...),
	}}}
	if c := deployment(d); c.SetBy != (mesh.FieldManager{Name: "Terraform", Tool: mesh.Terraform}) || c.ManagedBy != "" {
		t.Errorf("set by %+v, managed by %q; want Terraform, nobody", c.SetBy, c.ManagedBy)
	}
	d.ManagedFields = []metav1.ManagedFieldsEntry{wroteLabel("argocd-controller", mesh.RevisionLabel, templateLabels...)}
	if c := deployment(d); c.SetBy.Name != "" || c.ManagedBy != "Argo CD (field manager argocd-controller)" {
		t.Errorf("set by %+v, managed by %q; want nobody, Argo CD", c.SetBy, c.ManagedBy)
	}
	d.ManagedFields = []metav1.ManagedFieldsEntry{wroteLabel("Terraform", mesh.RevisionLabel, ownLabels...)}
	if c := deployment(d); c.SetBy.Name != "" {
		t.Errorf("of the object's own label: set by %+v, want nobody", c.SetBy)
	}
	j := controllerOf(mesh.CronJob, &metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{
		wroteLabel("Terraform", mesh.RevisionLabel, jobLabels...),
	}}, &d.Spec.Template)
	if j.SetBy.Tool != mesh.Terraform {
		t.Errorf("CronJob: set by %+v, want Terraform", j.SetBy)
	}
}

// The manager of a tag is known by labels and annotations, or as a field manager.
func TestManagerOfATag(t *testing.T) {
	for _, c := range []struct{ manager, want string }{
		{"istioctl", ""}, {"helm", "Helm (field manager helm)"}, {"Terraform", "Terraform (field manager Terraform)"},
		{"argocd-controller", "Argo CD (field manager argocd-controller)"},
	} {
		m := metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{wroteLabel(c.manager, mesh.RevisionLabel, ownLabels...)}}
		if got := managerOfTag(&m); got != c.want {
			t.Errorf("%s: got %q, want %q", c.manager, got, c.want)
		}
	}
	m := metav1.ObjectMeta{
		Annotations:   map[string]string{"meta.helm.sh/release-name": "istiod", "meta.helm.sh/release-namespace": "istio-system"},
		ManagedFields: []metav1.ManagedFieldsEntry{wroteLabel("helm", mesh.RevisionLabel, ownLabels...)},
	}
	if got, want := managerOfTag(&m), "Helm release istio-system/istiod"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// testFieldManagers reads who set a namespace's label from the API server: Terraform applies
// it on the server, and a run that writes it takes it over.
func testFieldManagers(t *testing.T, c *fixture, admin *rest.Config) {
	other := connected(t, admin)
	set := func(manager, revision string) {
		t.Helper()
		o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{
			"name": "applied", "labels": map[string]any{mesh.RevisionLabel: revision},
		}}}
		_, err := other.api.Dynamic.Resource(namespaces).Apply(t.Context(), "applied", o, metav1.ApplyOptions{FieldManager: manager, Force: true})
		if err != nil {
			t.Fatal(err)
		}
	}
	is := func(when string, want mesh.FieldManager) {
		t.Helper()
		w, err := c.Observe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if ns, _ := w.Namespace("applied"); ns.SetBy != want || ns.ManagedBy != "" {
			t.Errorf("%s: got %+v, managed by %q; want %+v", when, ns.SetBy, ns.ManagedBy, want)
		}
	}
	terraform := mesh.FieldManager{Name: "Terraform", Tool: mesh.Terraform}
	set("Terraform", "1-29-1")
	is("applied", terraform)
	if err := c.Write(t.Context(), labelChange(t, "applied", mesh.BindingTo("1-29-1"), mesh.BindingTo("1-31-0"))); err != nil {
		t.Fatal(err)
	}
	is("written by a run", mesh.FieldManager{})
	set("Terraform", "1-29-1")
	is("applied again", terraform)
}
