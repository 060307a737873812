// SPDX-License-Identifier: Apache-2.0

// Package apiclient reads the cluster for the simulators of a hollow lab, with informers, and
// performs their few writes.
package apiclient

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	discoveryv1client "k8s.io/client-go/kubernetes/typed/discovery/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// Client reads and writes one cluster. It is safe for concurrent use.
type Client struct {
	core    corev1client.CoreV1Interface
	dynamic dynamic.Interface

	pods, namespaces, configMaps, services, slices cache.SharedIndexInformer
}

const byService = "service"

// New returns a client. Start starts its informers.
func New(config *rest.Config) (*Client, error) {
	c := rest.CopyConfig(config)
	c.QPS, c.Burst = 500, 1000 // hundreds of pods may be created at the same time
	core, err := corev1client.NewForConfig(c)
	if err != nil {
		return nil, fmt.Errorf("create a client: %w", err)
	}
	slices, err := discoveryv1client.NewForConfig(c)
	if err != nil {
		return nil, fmt.Errorf("create a client for EndpointSlices: %w", err)
	}
	dyn, err := dynamic.NewForConfig(c)
	if err != nil {
		return nil, fmt.Errorf("create a dynamic client: %w", err)
	}
	w := &Client{core: core, dynamic: dyn}
	w.pods = informer(core.RESTClient(), "pods", &corev1.Pod{})
	w.namespaces = informer(core.RESTClient(), "namespaces", &corev1.Namespace{})
	w.configMaps = informer(core.RESTClient(), "configmaps", &corev1.ConfigMap{})
	w.services = informer(core.RESTClient(), "services", &corev1.Service{})
	w.slices = informer(slices.RESTClient(), "endpointslices", &discoveryv1.EndpointSlice{})
	return w, w.slices.AddIndexers(cache.Indexers{byService: func(o any) ([]string, error) {
		s := o.(*discoveryv1.EndpointSlice)
		return []string{s.Namespace + "/" + s.Labels[discoveryv1.LabelServiceName]}, nil
	}})
}

func informer(client rest.Interface, resource string, example runtime.Object) cache.SharedIndexInformer {
	lw := cache.NewListWatchFromClient(client, resource, metav1.NamespaceAll, fields.Everything())
	i := cache.NewSharedIndexInformer(lw, example, 0, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	_ = i.SetTransform(dropManagedFields) // it fails only after the informer was started
	return i
}

// Start runs the informers until ctx ends. It returns when their caches are synced. Handlers must
// be registered before.
func (c *Client) Start(ctx context.Context, running *sync.WaitGroup) error {
	all := []cache.SharedIndexInformer{c.pods, c.namespaces, c.configMaps, c.services, c.slices}
	synced := make([]cache.InformerSynced, 0, len(all))
	for _, i := range all {
		running.Go(func() { i.RunWithContext(ctx) })
		synced = append(synced, i.HasSynced)
	}
	if !cache.WaitForCacheSync(ctx.Done(), synced...) {
		return fmt.Errorf("wait for the informer caches: %w", context.Cause(ctx))
	}
	return nil
}
