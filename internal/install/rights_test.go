// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestManifestPermissions(t *testing.T) {
	var manifest []*unstructured.Unstructured
	manifest = append(manifest,
		object("apps/v1", "Deployment", "istio-system", "istiod-1-31-0"),
		object("apps/v1", "Deployment", "istio-system", "another"),
		object("rbac.authorization.k8s.io/v1", "ClusterRole", "istio-system", "istiod-clusterrole-1-31-0"),
		object("v1", "ServiceAccount", "istio-system", "istiod-1-31-0"),
	)
	var got []string
	lists := 0
	for _, n := range manifestPermissions(clusterReader{}, manifest) {
		if n.Verb == "list" {
			lists++
			continue
		}
		got = append(got, fmt.Sprint(n.Verb, " ", n.Resource, ".", n.Group, " in ", n.Namespace))
	}
	want := []string{
		"create serviceaccounts. in istio-system", "patch serviceaccounts. in istio-system",
		"create deployments.apps in istio-system", "get deployments.apps in istio-system", "patch deployments.apps in istio-system",
		"create clusterroles.rbac.authorization.k8s.io in ", "patch clusterroles.rbac.authorization.k8s.io in ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if lists != len(prunedKinds) {
		t.Errorf("%d kinds are listed, want %d", lists, len(prunedKinds))
	}
	if !slices.Contains(manifestPermissions(clusterReader{}, nil),
		Permission{Verb: "list", Group: "autoscaling", Resource: "horizontalpodautoscalers"}) {
		t.Errorf("%+v", manifestPermissions(clusterReader{}, nil))
	}
}
