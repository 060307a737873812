// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/mesh"
)

// owner is the controller of something, or the thing itself where nothing
// controls it.
type owner struct {
	api       string // apiVersion
	kind      mesh.Kind
	namespace string
	name      string
	uid       types.UID
}

// controllerOf follows one link of the owner chain.
func controllerOf(m metav1.Object) (owner, bool) {
	r := metav1.GetControllerOfNoCopy(m)
	if r == nil {
		return owner{}, false
	}
	return owner{r.APIVersion, mesh.Kind(r.Kind), m.GetNamespace(), r.Name, r.UID}, true
}

// podOwner is a pod's controller; a pod without one stands for itself.
func podOwner(p *corev1.Pod) owner {
	if o, ok := controllerOf(p); ok {
		return o
	}
	return owner{"v1", "Pod", p.Namespace, p.Name, p.UID}
}

// chain holds the middle links of owner chains: ReplicaSets and Jobs, by UID.
type chain map[types.UID]owner

func (c chain) note(m metav1.Object) {
	if o, ok := controllerOf(m); ok {
		c[m.GetUID()] = o
	}
}

// root follows the chain to its end. A link that is not known ends it: its kind
// is then the workload's kind.
func (c chain) root(o owner) owner {
	for range 4 { // pod, ReplicaSet or Job, their owner, and one to spare
		next, ok := c[o.uid]
		if !ok {
			break
		}
		o = next
	}
	return o
}
