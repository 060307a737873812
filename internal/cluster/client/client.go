// SPDX-License-Identifier: Apache-2.0

// Package client holds the connection to one API server, and how requests to it
// are made: lists by pages, preconditions of patches, errors that name the object.
package client

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

// Clients are the clients of one API server. They share one HTTP client.
type Clients struct {
	kubernetes.Interface // Kubernetes' own kinds, in protobuf

	Metadata metadata.Interface // the metadata of any kind
	Dynamic  dynamic.Interface  // objects of any kind
	JSON     rest.Interface     // JSON at absolute paths, for kinds that have no typed client
	Config   *rest.Config

	mu    sync.Mutex // guards kinds; not held during a request
	kinds map[schema.GroupVersionKind]schema.GroupVersionResource
}

// New returns the clients for a configuration. It sends nothing.
func New(config *rest.Config) (*Clients, error) {
	c, err := newClients(config)
	if err != nil {
		return nil, fmt.Errorf("prepare the connection to the cluster: %w", err)
	}
	return c, nil
}

func newClients(config *rest.Config) (*Clients, error) {
	shared, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	c := &Clients{Config: config, kinds: map[schema.GroupVersionKind]schema.GroupVersionResource{}}
	compact := rest.CopyConfig(config)
	compact.ContentType = "application/vnd.kubernetes.protobuf"
	compact.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	if c.Interface, err = kubernetes.NewForConfigAndClient(compact, shared); err != nil {
		return nil, err
	}
	if c.Metadata, err = metadata.NewForConfigAndClient(config, shared); err != nil {
		return nil, err
	}
	if c.Dynamic, err = dynamic.NewForConfigAndClient(config, shared); err != nil {
		return nil, err
	}
	c.JSON, err = jsonClient(config, shared)
	return c, err
}

// jsonClient returns a client that sends JSON to absolute paths.
func jsonClient(config *rest.Config, shared *http.Client) (rest.Interface, error) {
	plain := rest.CopyConfig(config)
	plain.GroupVersion = &schema.GroupVersion{}
	plain.APIPath = "/"
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"}) // decodes a Status, which holds the reason of a failure
	plain.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	return rest.RESTClientForConfigAndClient(plain, shared)
}

// Serves reports whether the API server serves a group and version. Every user
// may ask for that.
func (c *Clients) Serves(ctx context.Context, api string) (bool, error) {
	err := c.JSON.Get().AbsPath("/apis", api).Do(ctx).Error()
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	return err == nil, ReadError("the API "+api, err)
}

// ResourceOf returns the resource as which a kind is served. It asks once per
// kind, by discovery of the kind's own group and version alone: every user may.
func (c *Clients) ResourceOf(ctx context.Context, kind schema.GroupVersionKind) (schema.GroupVersionResource, error) {
	c.mu.Lock()
	known, ok := c.kinds[kind]
	c.mu.Unlock()
	if ok {
		return known, nil
	}
	api := kind.GroupVersion().String()
	path := []string{"/apis", api}
	if kind.Group == "" {
		path = []string{"/api", api}
	}
	var list metav1.APIResourceList
	err := DecodeJSON(c.JSON.Get().AbsPath(path...).Do(ctx), &list)
	switch {
	case apierrors.IsNotFound(err):
		return known, fmt.Errorf("find the kind %s: %s is not served", kind.Kind, api)
	case err != nil:
		return known, ReadError("the kinds of "+api, err)
	}
	for _, r := range list.APIResources {
		if r.Kind == kind.Kind && !isSubresource(r.Name) {
			known = kind.GroupVersion().WithResource(r.Name)
			c.mu.Lock()
			c.kinds[kind] = known
			c.mu.Unlock()
			return known, nil
		}
	}
	return known, fmt.Errorf("find the kind %s: %s does not serve it", kind.Kind, api)
}

// Path returns the absolute path at which a resource is served.
func Path(r schema.GroupVersionResource) []string {
	if r.Group == "" {
		return []string{"/api", r.Version, r.Resource}
	}
	return []string{"/apis", r.Group, r.Version, r.Resource}
}

// PathIn returns the absolute path at which a resource of a namespace is served.
func PathIn(r schema.GroupVersionResource, namespace string) []string {
	path := Path(r)
	return append(path[:len(path)-1], "namespaces", namespace, r.Resource)
}
