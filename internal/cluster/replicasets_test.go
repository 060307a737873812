// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"github.com/google/go-cmp/cmp"
	"github.com/rerig/rerig/internal/mesh"
	"k8s.io/client-go/rest"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Of the many ReplicaSets that Deployments own only the metadata is read.
func TestOwnedReplicaSetsByMetadata(t *testing.T) {
	const alone = `{"metadata":{"name":"alone","namespace":"shop"},"spec":{"selector":{"matchLabels":{"app":"web"}}}}`
	var wholes []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case !strings.HasSuffix(r.URL.Path, "/replicasets"):
			http.NotFound(w, r)
		case strings.Contains(r.Header.Get("Accept"), "PartialObjectMetadataList"):
			fmt.Fprint(
				w,
				`{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{},"items":[
					{"metadata":{"name":"alone","namespace":"shop"}},
					{"metadata":{"name":"web-1","namespace":"shop","ownerReferences":[
						{"apiVersion":"apps/v1","kind":"Deployment","name":"web","uid":"d","controller":true}]}}]}`,
			)
		default:
			wholes = append(wholes, r.URL.Path+" "+r.URL.Query().Get("fieldSelector"))
			fmt.Fprintf(w, `{"kind":"ReplicaSetList","apiVersion":"apps/v1","metadata":{},"items":[%s]}`, alone)
		}
	}))
	t.Cleanup(server.Close)
	list, err := connected(t, &rest.Config{Host: server.URL}).reader().podSelectors(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []podSelector{{namespace: "shop", PodSelector: mesh.PodSelector{Subject: "ReplicaSet shop/alone", Effect: mesh.OwnsOrphans,
		Selector: mesh.Selector{{Key: "app", Operator: mesh.In, Values: []string{"web"}}}}}}
	if diff := cmp.Diff(want, list, cmp.AllowUnexported(podSelector{})); diff != "" {
		t.Errorf("what goes by labels (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/apis/apps/v1/namespaces/shop/replicasets metadata.name=alone"}, wholes); diff != "" {
		t.Errorf("ReplicaSets that are read completely (-want +got):\n%s", diff)
	}
}
