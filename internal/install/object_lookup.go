// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"fmt"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
)

// getObjects reads what is in the cluster of each object of a manifest: one read an
// object, eight at a time. Nil stands for one that is not there.
func getObjects(ctx context.Context, cluster dynamic.Interface, manifest []*unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	found := make([]*unstructured.Unstructured, len(manifest))
	faults := make([]error, len(manifest))
	slots := make(chan struct{}, 8)
	var readers sync.WaitGroup
	for n, o := range manifest {
		slots <- struct{}{}
		readers.Go(func() {
			defer func() { <-slots }()
			found[n], faults[n] = getObject(ctx, cluster, o)
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

func getObject(ctx context.Context, cluster dynamic.Interface, o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	resource, _ := meta.UnsafeGuessKindToResource(o.GroupVersionKind())
	object, err := cluster.Resource(resource).Namespace(objectOf(o).Namespace).Get(ctx, o.GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return object, err
}

// describeObject is an object with what the cluster says of it.
func describeObject(o, live *unstructured.Unstructured) Object {
	object := objectOf(o)
	if live == nil {
		return object
	}
	object.Present = true
	if object.Component == "" { // istioctl puts the label on as it applies
		object.Component = live.GetLabels()[componentLabel]
	}
	object.Revision = live.GetLabels()[revisionLabel]
	object.Version = live.GetLabels()[versionLabel]
	if version, ok := proxyVersion(live); ok {
		object.Version = version
	}
	return object
}

// proxyVersion is the version in the image of a workload's proxy: what it runs,
// where a label only says who wrote it.
func proxyVersion(live *unstructured.Unstructured) (string, bool) {
	containers, _, _ := unstructured.NestedSlice(live.Object, "spec", "template", "spec", "containers")
	for _, c := range containers {
		container, _ := c.(map[string]any)
		if nestedString(container, "name") == "istio-proxy" {
			return versionFromTag(imageTag(nestedString(container, "image")))
		}
	}
	return "", false
}

// imageTag is the tag in an image's reference, "" for none.
func imageTag(image string) string {
	image, _, _ = strings.Cut(image, "@")
	name := image[strings.LastIndex(image, "/")+1:]
	_, tag, _ := strings.Cut(name, ":")
	return tag
}
