// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	metadatafake "k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/rerig/rerig/internal/mesh"
)

// A workload's release says which value renders its label, or why it is not upgraded. Without
// one of the rights to its Secrets it is not.
func TestReleaseOfAWorkload(t *testing.T) {
	wl := mesh.Workload{Kind: mesh.Deployment, Namespace: "istio-system", Name: "mesh", ManagedBy: "Helm release istio-system/mesh",
		Template: mesh.Template{Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}}}
	tests := []struct {
		name   string
		denied string // a verb
		change func(*mesh.Workload)
		want   mesh.HelmRelease
	}{
		{name: "usable", want: mesh.HelmRelease{Chart: "gateway 1.29.1", Value: "revision"}},
		{name: "Secrets may not be listed", denied: "list", want: mesh.HelmRelease{Unfit: "you may not list secrets in namespace istio-system"}},
		{name: "Secrets may not be updated", denied: "update",
			want: mesh.HelmRelease{Unfit: "you may not update secrets in namespace istio-system"}},
		{name: "another label", change: func(w *mesh.Workload) { w.Template.Labels = map[string]string{mesh.RevisionLabel: "1-30-0"} },
			want: mesh.HelmRelease{Chart: "gateway 1.29.1", Unfit: `it renders istio.io/rev="1-29-1", and the live template has "1-30-0"`}},
		{name: "no such release", change: func(w *mesh.Workload) { w.ManagedBy = "Helm release istio-system/gone" },
			want: mesh.HelmRelease{Unfit: "namespace istio-system has no Secret of it"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stored := releaseOf(t, gatewayChart(t, "1.29.1"), gatewayValues(nil))
			found := releasesFor(t, stored, nil)
			made, err := NewReleases(serveHelmSecrets(t, secretOf(t, stored)), nil)
			if err != nil {
				t.Fatal(err)
			}
			made.reader, made.capabilities = found.reader, found.capabilities
			api, secrets := fake.NewClientset(), metadatafake.NewSimpleMetadataClient(metadataScheme(t))
			api.PrependReactor("create", "selfsubjectaccessreviews", func(a clienttesting.Action) (bool, runtime.Object, error) {
				review := a.(clienttesting.CreateAction).GetObject().(*authorizationv1.SelfSubjectAccessReview).DeepCopy()
				review.Status.Allowed = review.Spec.ResourceAttributes.Verb != tt.denied
				return true, review, nil
			})
			if tt.denied == "list" {
				secrets.PrependReactor("list", "secrets", func(clienttesting.Action) (bool, runtime.Object, error) {
					return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "", nil)
				})
			}
			made.api, made.stored = api, secrets
			asked := wl
			if tt.change != nil {
				tt.change(&asked)
			}
			for range 2 { // the second time from what is known
				got := made.Of(t.Context(), asked)
				if got.Chart != tt.want.Chart || got.Value != tt.want.Value || got.Unfit != tt.want.Unfit || got.Writes() != (tt.want.Unfit == "") {
					t.Fatalf("got %+v, want %+v", got, tt.want)
				}
				if kinds := fmt.Sprint(got.Renders); got.Writes() && (!strings.Contains(kinds, "{apps deployments istio-system}") ||
					!strings.Contains(kinds, "{ services istio-system}")) {
					t.Errorf("got kinds %s, want Deployments and Services", kinds)
				}
			}
		})
	}
}

func metadataScheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	s := metadatafake.NewTestScheme()
	if err := metav1.AddMetaToScheme(s); err != nil {
		t.Fatal(err)
	}
	return s
}
