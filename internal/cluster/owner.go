// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"strings"

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
	return owner{r.APIVersion, kindIn(r.APIVersion, r.Kind), m.GetNamespace(), r.Name, r.UID}, true
}

// groups are the API groups of the kinds of which something is known.
var groups = map[mesh.Kind]string{
	mesh.Deployment: "apps", mesh.StatefulSet: "apps", mesh.DaemonSet: "apps", mesh.ReplicaSet: "apps",
	mesh.CronJob: "batch", mesh.Job: "batch", mesh.ArgoRollout: "argoproj.io",
	mesh.ReplicationController: "", mesh.BarePod: "", mesh.StaticPod: "",
}

// kindIn is a kind as it is known by: other projects have a StatefulSet, a DaemonSet
// (apps.kruise.io) or a Job (batch.volcano.sh) of their own, and nothing of what is
// known of the one holds for the other. Those bear their group, as kubectl takes it:
// StatefulSet.apps.kruise.io.
func kindIn(api, kind string) mesh.Kind {
	group, _, grouped := strings.Cut(api, "/")
	if own, known := groups[mesh.Kind(kind)]; grouped && known && group != own {
		return mesh.Kind(kind + "." + group)
	}
	return mesh.Kind(kind)
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
