// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"fmt"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/rerig/rerig/internal/mesh"
)

// getObjects reads each object of a manifest from the cluster: one request per object, eight at a
// time. The result is nil for an object that does not exist.
func getObjects(
	ctx context.Context, cluster clusterReader, manifest []*unstructured.Unstructured,
) ([]*unstructured.Unstructured, error) {
	found := make([]*unstructured.Unstructured, len(manifest))
	faults := make([]error, len(manifest))
	slots := make(chan struct{}, 8)
	var readers sync.WaitGroup
	for n, o := range manifest {
		slots <- struct{}{}
		readers.Go(func() {
			defer func() { <-slots }()
			found[n], faults[n] = cluster.get(ctx, o)
		})
	}
	readers.Wait()
	for n, err := range faults {
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", objectOf(manifest[n]), err)
		}
	}
	return found, nil
}

// clusterReader reads objects of any kind.
type clusterReader struct {
	client dynamic.Interface // nil without a cluster
	mapper meta.RESTMapper   // nil guesses the resources of kinds
}

// get returns an object as it is in the cluster, nil if it does not exist.
func (r clusterReader) get(ctx context.Context, o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	resource, served, err := r.resource(o.GroupVersionKind())
	if err != nil || !served {
		return nil, err
	}
	object, err := r.client.Resource(resource).Namespace(objectOf(o).Namespace).Get(ctx, o.GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return object, err
}

// resource returns the resource of a kind, and whether the cluster serves it. The resource of a kind
// that is not served is a guess from its name; without a mapper every one is.
func (r clusterReader) resource(kind schema.GroupVersionKind) (schema.GroupVersionResource, bool, error) {
	guess, _ := meta.UnsafeGuessKindToResource(kind)
	if r.mapper == nil {
		return guess, true, nil
	}
	mapping, err := r.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if meta.IsNoMatchError(err) {
		return guess, false, nil
	}
	if err != nil {
		return guess, false, fmt.Errorf("find the resource of kind %s: %w", kind.Kind, err)
	}
	return mapping.Resource, true, nil
}

// permission returns the permission for a verb on an object's kind, in a namespace or "".
func (r clusterReader) permission(verb string, kind schema.GroupVersionKind, namespace string) Permission {
	resource, _, _ := r.resource(kind) // a guess if the cluster does not answer
	return Permission{Verb: verb, Group: resource.Group, Resource: resource.Resource, Namespace: namespace}
}

// describeObject returns an object with its state in the cluster.
func describeObject(o, live *unstructured.Unstructured) Object {
	object := objectOf(o)
	if live == nil {
		return object
	}
	object.Present = true
	if object.Component == "" { // istioctl adds the label when it applies
		object.Component = live.GetLabels()[componentLabel]
	}
	object.Revision = live.GetLabels()[revisionLabel]
	object.Version = live.GetLabels()[versionLabel]
	if version, ok := proxyVersion(live); ok {
		object.Version = version
	}
	return object
}

// proxyVersion returns the version in the image tag of a workload's proxy. The labels only name the
// version that wrote them.
func proxyVersion(live *unstructured.Unstructured) (string, bool) {
	containers, _, _ := unstructured.NestedSlice(live.Object, "spec", "template", "spec", "containers")
	for _, c := range containers {
		container, _ := c.(map[string]any)
		if nestedString(container, "name") == "istio-proxy" {
			return versionFromTag(mesh.ImageTag(nestedString(container, "image")))
		}
	}
	return "", false
}
