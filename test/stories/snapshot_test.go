// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// snapshot holds fields of objects as JSON, by the object's name and the field.
type snapshot map[string]string

// fieldSet is a resource and the fields of its objects that a snapshot holds.
type fieldSet struct {
	resource schema.GroupVersionResource
	fields   []string
}

func resource(group, version, name string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: group, Version: version, Resource: name}
}

var (
	namespaces   = resource("", "v1", "namespaces")
	deployments  = resource("apps", "v1", "deployments")
	meshUpgrades = resource("rerig.dev", "v1alpha1", "meshupgrades")
	definitions  = resource("apiextensions.k8s.io", "v1", "customresourcedefinitions")
	templated    = []schema.GroupVersionResource{deployments, resource("apps", "v1", "statefulsets"), resource("apps", "v1", "daemonsets")}
)

// bindingFields are the fields that a run changes on purpose.
func bindingFields() []fieldSet {
	list := []fieldSet{{namespaces, []string{"metadata.labels", "metadata.annotations"}}}
	for _, r := range templated {
		list = append(list, fieldSet{r, []string{"metadata.labels", "spec.template"}})
	}
	return list
}

// allFields are bindingFields and everything else that a run could change.
func allFields() []fieldSet {
	return append(bindingFields(),
		fieldSet{resource("", "v1", "pods"), []string{"metadata.uid", "metadata.annotations"}},
		fieldSet{resource("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations"), []string{"webhooks", "metadata.labels"}},
		fieldSet{resource("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations"), []string{"webhooks",
			"metadata.labels"}},
		fieldSet{definitions, []string{"spec"}},
		fieldSet{meshUpgrades, []string{"metadata.uid", "spec", "status"}},
		fieldSet{resource("", "v1", "services"), []string{"spec"}},
		fieldSet{resource("", "v1", "serviceaccounts"), []string{"metadata.uid"}})
}

// snapshot reads these fields of all objects in the lab.
func (l *lab) snapshot(t *testing.T, aspects []fieldSet) snapshot {
	t.Helper()
	s := snapshot{}
	for _, a := range aspects {
		list, err := l.objects.Resource(a.resource).List(t.Context(), metav1.ListOptions{})
		if apierrors.IsNotFound(err) {
			continue // its definition is not there
		}
		if err != nil {
			t.Fatalf("list %s: %v", a.resource.Resource, err)
		}
		for _, o := range list.Items {
			for _, field := range a.fields {
				s[a.resource.Resource+" "+o.GetNamespace()+"/"+o.GetName()+" "+field] = fieldJSON(t, o, field)
			}
		}
	}
	return s
}

func fieldJSON(t *testing.T, o unstructured.Unstructured, field string) string {
	t.Helper()
	value, _, err := unstructured.NestedFieldNoCopy(o.Object, fieldPath(field)...)
	if err != nil {
		t.Fatalf("read %s of %s: %v", field, o.GetName(), err)
	}
	b, err := json.Marshal(value)
	if err != nil {
		t.Fatalf("write %s of %s: %v", field, o.GetName(), err)
	}
	return string(b)
}

// requireSame compares with an earlier snapshot.
func (s snapshot) requireSame(t *testing.T, what string, before snapshot) {
	t.Helper()
	if diff := cmp.Diff(before, s); diff != "" {
		t.Errorf("%s: something changed (-before +after):\n%s", what, diff)
	}
}

// list returns the objects of a resource.
func (l *lab) list(ctx context.Context, t *testing.T, r schema.GroupVersionResource, selector string) []unstructured.Unstructured {
	t.Helper()
	list, err := l.objects.Resource(r).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		t.Fatalf("list %s: %v", r.Resource, err)
	}
	return list.Items
}
