// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/mesh"
)

// customOwner is an object of another project's kind that owns pods: the fields
// that such kinds have in common.
type customOwner struct {
	read     bool
	unread   string                 // why it could not be read
	resource string                 // as which its kind is served
	restart  mesh.RestartAnnotation // its restart annotations
	wanted   *int
}

// customObject is such an object as the API server returns it.
type customObject struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Replicas *int `json:"replicas"`
	} `json:"spec"`
	Status struct {
		Desired  *int `json:"desiredNumberScheduled"`
		Replicas *int `json:"replicas"`
	} `json:"status"`
}

// ownerKind is a kind that owns pods.
type ownerKind struct {
	api  string
	kind mesh.Kind
}

// readCustomOwners reads the objects of each unknown kind that owns a pod with a
// proxy. A workload whose object may not be read reports that.
func (r *Reader) readCustomOwners(ctx context.Context, o *observation) {
	o.found.customOwners = map[types.UID]customOwner{}
	for k, uids := range o.found.unknownOwners() {
		found, err := r.customOwners(ctx, k)
		for _, uid := range uids {
			f, is := found[uid]
			switch {
			case err != nil:
				f.unread = err.Error()
			case !is:
				f.unread = "it does not exist any more"
			}
			o.found.customOwners[uid] = f
		}
	}
}

// unknownOwners returns the owners of pods with a proxy that are of no kind that
// Rerig knows, by their kind.
func (r readings) unknownOwners() map[ownerKind][]types.UID {
	read := map[types.UID]bool{}
	for _, c := range slices.Concat(r.deployments, r.statefulSets, r.daemonSets, r.rollouts, r.replicaSets, r.cronJobs) {
		read[c.uid] = true
	}
	own := []mesh.Kind{
		mesh.Deployment, mesh.StatefulSet, mesh.DaemonSet, mesh.ReplicaSet, mesh.Job, mesh.CronJob, mesh.BarePod, mesh.StaticPod,
	}
	list := map[ownerKind][]types.UID{}
	for _, p := range r.pods {
		o := r.rootOwner(p)
		k := ownerKind{o.api, o.kind}
		if p.Sidecar.Present && !slices.Contains(own, o.kind) && !read[o.uid] && !slices.Contains(list[k], o.uid) {
			list[k] = append(list[k], o.uid)
		}
	}
	return list
}

// customOwners reads all objects of a kind, by their UIDs.
func (r *Reader) customOwners(ctx context.Context, k ownerKind) (map[types.UID]customOwner, error) {
	resource, err := r.api.ResourceOf(ctx, kindOf(k.api, string(k.kind)))
	if err != nil {
		return nil, err
	}
	var found map[types.UID]customOwner
	err = client.List(ctx, allObjects, client.JSONPages[customObject](r.api, client.Path(resource)...),
		func() { found = map[types.UID]customOwner{} },
		func(page *client.Page[customObject]) {
			for _, object := range page.Items {
				f := customOwner{read: true, resource: resource.Resource, restart: restartAnnotations(object.Annotations)}
				for _, n := range []*int{object.Spec.Replicas, object.Status.Desired, object.Status.Replicas} {
					if n != nil && f.wanted == nil {
						f.wanted = n
					}
				}
				found[object.UID] = f
			}
		})
	return found, client.ReadError(string(k.kind)+" objects of "+k.api, err)
}

// kindOf returns an API version and a kind, which may have its group as a suffix, as
// a GroupVersionKind.
func kindOf(api, kind string) schema.GroupVersionKind {
	bare, _, _ := strings.Cut(kind, ".")
	return schema.FromAPIVersionAndKind(api, bare)
}

// addTo adds to a workload what its own object says. Its current pods are those
// created after the last restart by a run.
func (f customOwner) addTo(w mesh.Workload) mesh.Workload {
	w.ReadError, w.Resource = f.unread, f.resource
	if !f.read {
		return w
	}
	if w.RestartAnnotation = f.restart; f.wanted == nil {
		w.ReadError = "it does not say how many pods it wants (spec.replicas)"
	} else {
		w.Replicas = *f.wanted
	}
	if !w.RestartAnnotation.At.IsZero() {
		w.Template.Hash = w.RestartAnnotation.At.Format(time.RFC3339)
	}
	for i, p := range w.Pods {
		w.Pods[i].Current = !p.Created.Before(w.RestartAnnotation.At)
	}
	w.Rollout = rolloutByPods(w)
	w.Rollout.OnDelete = false
	return w
}
