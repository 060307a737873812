// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/mesh"
)

var (
	namespaces  = schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
	replicaSets = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "replicasets"}
)

// maxOwners bounds a chain of owners: pod, ReplicaSet or Job, their owner, and one
// more.
const maxOwners = 4

// owner is the controller of an object, or the object itself where it has none.
type owner struct {
	api       string // apiVersion
	kind      mesh.Kind
	namespace string
	name      string
	uid       types.UID
}

// readPodOwners reads the owners between pods and their workloads, and the newest
// template of each workload. For ReplicaSets with an owner their metadata is enough.
func (r *Reader) readPodOwners(ctx context.Context, o *observation) error {
	var standalone []metav1.ObjectMeta
	err := client.List(ctx, allObjects, r.api.Metadata.Resource(replicaSets).List,
		func() { o.found.owners, o.found.newest, standalone = ownerChain{}, newestTemplates{}, nil },
		func(page *metav1.PartialObjectMetadataList) {
			for i := range page.Items {
				o.found.owners.add(&page.Items[i])
				if metav1.GetControllerOfNoCopy(&page.Items[i]) == nil {
					standalone = append(standalone, page.Items[i].ObjectMeta)
				}
				o.found.newest.addReplicaSet(&page.Items[i].ObjectMeta)
			}
		})
	if err != nil {
		return client.ReadError("ReplicaSets", err)
	}
	// The newest number of each owner wins: it does no harm to read a page twice.
	err = client.List(ctx, allObjects, r.api.AppsV1().ControllerRevisions("").List, func() {},
		func(page *appsv1.ControllerRevisionList) {
			for i := range page.Items {
				o.found.newest.addControllerRevision(&page.Items[i])
			}
		})
	if err != nil {
		return client.ReadError("ControllerRevisions", err)
	}
	if err := r.readStandaloneSets(ctx, o, standalone); err != nil {
		return err
	}
	return r.readJobs(ctx, o)
}

// controllerRef returns the controller of an object.
func controllerRef(m metav1.Object) (owner, bool) {
	r := metav1.GetControllerOfNoCopy(m)
	if r == nil {
		return owner{}, false
	}
	return owner{api: r.APIVersion, kind: qualifiedKind(r.APIVersion, r.Kind), namespace: m.GetNamespace(), name: r.Name, uid: r.UID}, true
}

// knownGroups are the API groups of the kinds that Rerig knows.
var knownGroups = map[mesh.Kind]string{
	mesh.Deployment: "apps", mesh.StatefulSet: "apps", mesh.DaemonSet: "apps", mesh.ReplicaSet: "apps",
	mesh.CronJob: "batch", mesh.Job: "batch", mesh.ArgoRollout: "argoproj.io",
	mesh.ReplicationController: "", mesh.BarePod: "", mesh.StaticPod: "",
}

// qualifiedKind returns a kind with its group, as kubectl accepts it
// (StatefulSet.apps.kruise.io), where another project has a kind of the same name
// as one that Rerig knows: a StatefulSet or DaemonSet of apps.kruise.io, a Job of
// batch.volcano.sh.
func qualifiedKind(api, kind string) mesh.Kind {
	group, _, grouped := strings.Cut(api, "/")
	if own, known := knownGroups[mesh.Kind(kind)]; grouped && known && group != own {
		return mesh.Kind(kind + "." + group)
	}
	return mesh.Kind(kind)
}

// podOwner returns a pod's controller, or the pod itself where it has none.
func podOwner(p *corev1.Pod) owner {
	if o, ok := controllerRef(p); ok {
		return o
	}
	return owner{api: "v1", kind: "Pod", namespace: p.Namespace, name: p.Name, uid: p.UID}
}

// ownerChain has the owners of ReplicaSets and Jobs, by their UIDs.
type ownerChain map[types.UID]owner

func (c ownerChain) add(m metav1.Object) {
	if o, ok := controllerRef(m); ok {
		c[m.GetUID()] = o
	}
}

// root follows the chain to its end. An owner that is not known ends it: its kind
// is the workload's kind then.
func (c ownerChain) root(o owner) owner {
	for range maxOwners {
		next, ok := c[o.uid]
		if !ok {
			break
		}
		o = next
	}
	return o
}
