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
	selectors "k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/mesh"
)

// readLonely reads ReplicaSets that nothing owns. Of the many that Deployments own the
// metadata is enough; of these few the whole is read, each by a list of its name,
// so that no other permission is needed.
func (c *Cluster) readLonely(ctx context.Context, l *look, lonely []metav1.ObjectMeta) error {
	bound, carrying := map[string]bool{}, map[types.UID]bool{}
	for _, n := range l.found.namespaces {
		bound[n.Name] = boundNamespace(n.Labels)
	}
	for _, p := range l.found.pods {
		carrying[p.owner.uid] = carrying[p.owner.uid] || p.Sidecar.Present
	}
	lonely = slices.DeleteFunc(lonely, func(m metav1.ObjectMeta) bool { return !bound[m.Namespace] && !carrying[m.UID] })
	return c.wholly(ctx, lonely, func(s *appsv1.ReplicaSet) { l.found.replicaSets = append(l.found.replicaSets, lonelySet(s)) })
}

// lonelySets reads ReplicaSets that nothing owns, and of the others their metadata:
// one of a Deployment goes by its hash, which a released pod does not have.
func (c *Cluster) lonelySets(ctx context.Context, each func(*appsv1.ReplicaSet)) error {
	var lonely []metav1.ObjectMeta
	if err := pages(ctx, metav1.ListOptions{}, c.metadata.Resource(replicaSets).List, func(page *metav1.PartialObjectMetadataList) {
		for i := range page.Items {
			if metav1.GetControllerOfNoCopy(&page.Items[i]) == nil {
				lonely = append(lonely, page.Items[i].ObjectMeta)
			}
		}
	}); err != nil {
		return err
	}
	return c.wholly(ctx, lonely, each)
}

// wholly reads the whole of ReplicaSets of which the metadata is known, and hands
// over one after the other.
func (c *Cluster) wholly(ctx context.Context, known []metav1.ObjectMeta, each func(*appsv1.ReplicaSet)) error {
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for _, m := range known {
		group.Go(func() error {
			one := metav1.ListOptions{FieldSelector: selectors.OneTermEqualSelector("metadata.name", m.Name).String(), Limit: pageSize}
			list, err := c.apps.ReplicaSets(m.Namespace).List(ctx, one)
			if err != nil {
				return reading("ReplicaSet "+m.Namespace+"/"+m.Name, err)
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

// lonelySet is one that nothing owns: all its pods are current, since it replaces
// none of them.
func lonelySet(s *appsv1.ReplicaSet) controller {
	c := controllerOn(mesh.ReplicaSet, &s.ObjectMeta, &s.Spec.Template)
	c.Replicas, c.bySince = int(replicas(s.Spec.Replicas)), true
	c.SelectsRevision = selectsRevision(s.Spec.Selector)
	c.current = func(generations) current { return current{} }
	for _, condition := range s.Status.Conditions {
		if condition.Type == appsv1.ReplicaSetReplicaFailure && condition.Status == corev1.ConditionTrue {
			c.Rollout.Message = said("ReplicaFailure", condition.Reason, condition.Message)
		}
	}
	return c
}
