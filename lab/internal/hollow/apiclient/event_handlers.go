// SPDX-License-Identifier: Apache-2.0

package apiclient

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/cache"
)

type object = runtime.Object

// dropManagedFields drops who wrote what: it is half of an object, and nobody here asks.
func dropManagedFields(o any) (any, error) {
	if m, err := meta.Accessor(o); err == nil {
		m.SetManagedFields(nil)
	}
	return o, nil
}

var everything = fields.Everything()

// OnPod is told of each pod that is there or has changed, and of each that has gone.
func (c *Client) OnPod(there, gone func(*corev1.Pod)) error {
	_, err := c.pods.AddEventHandler(handler(there, gone))
	return err
}

// OnNamespace is told of each namespace that is there or has changed.
func (c *Client) OnNamespace(there func(*corev1.Namespace)) error {
	_, err := c.namespaces.AddEventHandler(handler(there, func(*corev1.Namespace) {}))
	return err
}

func handler[T any](there, gone func(T)) cache.ResourceEventHandlerFuncs {
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { there(o.(T)) },
		UpdateFunc: func(_, o any) { there(o.(T)) },
		DeleteFunc: func(o any) {
			if last, ok := o.(cache.DeletedFinalStateUnknown); ok {
				o = last.Obj
			}
			if t, ok := o.(T); ok {
				gone(t)
			}
		},
	}
}
