// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	namespaces  = schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
	replicaSets = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "replicasets"}
)

// readLinks reads what stands between pods and their root owners, and which
// template of each owner is the newest. Owned ReplicaSets tell all that in their
// metadata.
func (c *Cluster) readLinks(ctx context.Context, l *look) error {
	l.found.links, l.found.generations = chain{}, generations{}
	var lonely []metav1.ObjectMeta
	if err := reading("ReplicaSets", pages(ctx, metav1.ListOptions{}, c.metadata.Resource(replicaSets).List,
		func(page *metav1.PartialObjectMetadataList) {
			for i := range page.Items {
				l.found.links.note(&page.Items[i])
				if metav1.GetControllerOfNoCopy(&page.Items[i]) == nil {
					lonely = append(lonely, page.Items[i].ObjectMeta)
				}
				l.found.generations.noteReplicaSet(&page.Items[i].ObjectMeta)
			}
		})); err != nil {
		return err
	}
	if err := reading("ControllerRevisions", pages(ctx, metav1.ListOptions{}, c.apps.ControllerRevisions("").List,
		func(page *appsv1.ControllerRevisionList) {
			for i := range page.Items {
				l.found.generations.noteControllerRevision(&page.Items[i])
			}
		})); err != nil {
		return err
	}
	if err := c.readLonely(ctx, l, lonely); err != nil {
		return err
	}
	return c.readJobs(ctx, l)
}
