// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/mesh"
)

// parallelSets is how many ReplicaSets are read at the same time.
const parallelSets = 8

// readStandaloneSets reads the ReplicaSets without an owner that the mesh concerns.
// For the many that Deployments own their metadata is enough.
func (r *Reader) readStandaloneSets(ctx context.Context, o *observation, standalone []metav1.ObjectMeta) error {
	bound, injected := map[string]bool{}, map[types.UID]bool{}
	for _, n := range o.found.namespaces {
		bound[n.Name] = bindsNamespace(n.Labels)
	}
	for _, p := range o.found.pods {
		injected[p.owner.uid] = injected[p.owner.uid] || p.Sidecar.Present
	}
	standalone = slices.DeleteFunc(standalone, func(m metav1.ObjectMeta) bool { return !bound[m.Namespace] && !injected[m.UID] })
	o.found.replicaSets = nil
	return r.replicaSets(ctx, standalone, func(s *appsv1.ReplicaSet) {
		o.found.replicaSets = append(o.found.replicaSets, standaloneSet(s))
	})
}

// standaloneSets reads all ReplicaSets without an owner. One of a Deployment selects
// by its hash, which a detached pod does not have.
func (r *Reader) standaloneSets(ctx context.Context, each func(*appsv1.ReplicaSet)) error {
	var standalone []metav1.ObjectMeta
	err := client.List(ctx, allObjects, r.api.Metadata.Resource(replicaSets).List, func() { standalone = nil },
		func(page *metav1.PartialObjectMetadataList) {
			for i := range page.Items {
				if metav1.GetControllerOfNoCopy(&page.Items[i]) == nil {
					standalone = append(standalone, page.Items[i].ObjectMeta)
				}
			}
		})
	if err != nil {
		return err
	}
	return r.replicaSets(ctx, standalone, each)
}

// replicaSets reads ReplicaSets whose metadata is known, several at a time, and
// calls each with one after the other. It lists them by name, so that it needs no
// other right than to list.
func (r *Reader) replicaSets(ctx context.Context, known []metav1.ObjectMeta, each func(*appsv1.ReplicaSet)) error {
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelSets)
	for _, m := range known {
		group.Go(func() error {
			list, err := r.api.AppsV1().ReplicaSets(m.Namespace).List(ctx, client.Named(m.Name))
			if err != nil {
				return client.ReadError("ReplicaSet "+m.Namespace+"/"+m.Name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			for i := range list.Items {
				each(&list.Items[i])
			}
			return nil
		})
	}
	return group.Wait()
}

// standaloneSet converts a ReplicaSet without an owner. All its pods are current,
// since it replaces none of them.
func standaloneSet(s *appsv1.ReplicaSet) controller {
	c := controllerOf(mesh.ReplicaSet, &s.ObjectMeta, &s.Spec.Template)
	c.Replicas, c.byTime = int(replicas(s.Spec.Replicas)), true
	c.SelectsRevision = client.SelectsRevision(s.Spec.Selector)
	for _, condition := range s.Status.Conditions {
		if condition.Type == appsv1.ReplicaSetReplicaFailure && condition.Status == corev1.ConditionTrue {
			c.Rollout.Message = joinReason("ReplicaFailure", condition.Reason, condition.Message)
		}
	}
	return c
}
