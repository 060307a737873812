// SPDX-License-Identifier: Apache-2.0

package apiclient

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/tools/cache"
)

// dropManagedFields removes the managed fields, which are half of an object and unused.
func dropManagedFields(o any) (any, error) {
	if m, err := meta.Accessor(o); err == nil {
		m.SetManagedFields(nil)
	}
	return o, nil
}

// OnPod registers handlers for new or changed pods and for deleted pods.
func (c *Client) OnPod(updated, deleted func(*corev1.Pod)) error {
	_, err := c.pods.AddEventHandler(handler(updated, deleted))
	return err
}

// OnNamespace registers a handler for new or changed namespaces.
func (c *Client) OnNamespace(updated func(*corev1.Namespace)) error {
	_, err := c.namespaces.AddEventHandler(handler(updated, func(*corev1.Namespace) {}))
	return err
}

func handler[T any](updated, deleted func(T)) cache.ResourceEventHandlerFuncs {
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { updated(o.(T)) },
		UpdateFunc: func(_, o any) { updated(o.(T)) },
		DeleteFunc: func(o any) {
			if last, ok := o.(cache.DeletedFinalStateUnknown); ok {
				o = last.Obj
			}
			if t, ok := o.(T); ok {
				deleted(t)
			}
		},
	}
}
