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

// snapshot is what must not change unasked: the object's name and what of it,
// and that as JSON, byte for byte.
type snapshot map[string]string

// aspect is a field that a snapshot holds of each object of a resource.
type aspect struct {
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

// bindings are what a run of rerig changes on purpose.
func bindings() []aspect {
	list := []aspect{{namespaces, []string{"metadata.labels", "metadata.annotations"}}}
	for _, r := range templated {
		list = append(list, aspect{r, []string{"metadata.labels", "spec.template"}})
	}
	return list
}

// everything is bindings and all else that a run could touch.
func everything() []aspect {
	return append(bindings(),
		aspect{resource("", "v1", "pods"), []string{"metadata.uid", "metadata.annotations"}},
		aspect{resource("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations"), []string{"webhooks", "metadata.labels"}},
		aspect{resource("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations"), []string{"webhooks", "metadata.labels"}},
		aspect{definitions, []string{"spec"}},
		aspect{meshUpgrades, []string{"metadata.uid", "spec", "status"}},
		aspect{resource("", "v1", "services"), []string{"spec"}},
		aspect{resource("", "v1", "serviceaccounts"), []string{"metadata.uid"}})
}

// snapshot reads the aspects of all objects in the lab.
func (l *lab) snapshot(t *testing.T, aspects []aspect) snapshot {
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
				s[a.resource.Resource+" "+o.GetNamespace()+"/"+o.GetName()+" "+field] = render(t, o, field)
			}
		}
	}
	return s
}

func render(t *testing.T, o unstructured.Unstructured, field string) string {
	t.Helper()
	value, _, err := unstructured.NestedFieldNoCopy(o.Object, path(field)...)
	if err != nil {
		t.Fatalf("read %s of %s: %v", field, o.GetName(), err)
	}
	b, err := json.Marshal(value)
	if err != nil {
		t.Fatalf("write %s of %s: %v", field, o.GetName(), err)
	}
	return string(b)
}

// same compares with an earlier snapshot.
func (s snapshot) same(t *testing.T, what string, before snapshot) {
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
