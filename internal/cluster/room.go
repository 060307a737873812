// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/mesh"
)

// nodesFor is how long a reading of the nodes counts: they are large, and change
// little. What their pods take is counted at each look.
const nodesFor = 30 * time.Second

// optional lets a user do without what tells of room: it is then not known, and
// said so.
func optional(l *look, what string, err error) error {
	if apierrors.IsForbidden(err) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.world.Capacity.Unknown = append(l.world.Capacity.Unknown, what+": you may not list them")
		return nil
	}
	return reading(what, err)
}

func (c *Cluster) readNodes(ctx context.Context, l *look) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.nodesAt.IsZero() || c.Now().Sub(c.nodesAt) > nodesFor {
		var nodes []mesh.Node
		err := pages(ctx, metav1.ListOptions{}, c.core.Nodes().List, func(page *corev1.NodeList) {
			for i := range page.Items {
				nodes = append(nodes, nodeOf(&page.Items[i]))
			}
		})
		if c.nodesDenied = apierrors.IsForbidden(err); err != nil && !c.nodesDenied {
			return reading("Nodes", err)
		}
		c.nodes, c.nodesAt = nodes, c.Now()
	}
	if c.nodesDenied {
		return optional(l, "Nodes", apierrors.NewForbidden(corev1.Resource("nodes"), "", errors.New("denied")))
	}
	l.world.Capacity.Nodes = append([]mesh.Node(nil), c.nodes...)
	return nil
}

// nodeOf is a node with all that it has to give.
func nodeOf(n *corev1.Node) mesh.Node {
	ready := false
	for _, condition := range n.Status.Conditions {
		ready = ready || condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue
	}
	open := ready && !n.Spec.Unschedulable
	for _, t := range n.Spec.Taints {
		open = open && t.Effect != corev1.TaintEffectNoSchedule && t.Effect != corev1.TaintEffectNoExecute
	}
	a := n.Status.Allocatable
	return mesh.Node{Name: n.Name, Open: open, Present: ready && !n.Spec.Unschedulable, CPU: a.Cpu().MilliValue(), Memory: a.Memory().Value(), Pods: a.Pods().Value()}
}

// spend takes what pods ask for from what their nodes have.
func (l *look) spend() {
	for i, n := range l.world.Capacity.Nodes {
		s := l.spent[n.Name]
		l.world.Capacity.Nodes[i].CPU -= s.needs.CPU
		l.world.Capacity.Nodes[i].Memory -= s.needs.Memory
		l.world.Capacity.Nodes[i].Pods -= s.pods
	}
}

// spent is what the pods of one node ask for.
type spent struct {
	needs mesh.Needs
	pods  int64
}

func (c *Cluster) readQuotas(ctx context.Context, l *look) error {
	return optional(l, "ResourceQuotas", pages(ctx, metav1.ListOptions{}, c.core.ResourceQuotas("").List, func(page *corev1.ResourceQuotaList) {
		for i := range page.Items {
			l.world.Capacity.Quotas = append(l.world.Capacity.Quotas, quotasOf(&page.Items[i])...)
		}
	}))
}

// quotasOf leaves out quotas with scopes: which pods they count is not ours to
// judge.
func quotasOf(q *corev1.ResourceQuota) []mesh.Quota {
	var list []mesh.Quota
	if len(q.Spec.Scopes) > 0 || q.Spec.ScopeSelector != nil {
		return nil
	}
	for name, hard := range q.Status.Hard {
		used := q.Status.Used[name]
		one := mesh.Quota{Namespace: q.Namespace, Name: q.Name, Resource: string(name), Hard: hard.Value(), Used: used.Value()}
		switch name {
		case corev1.ResourceCPU, corev1.ResourceRequestsCPU, corev1.ResourceLimitsCPU:
			one.Hard, one.Used = hard.MilliValue(), used.MilliValue()
		}
		list = append(list, one)
	}
	return list
}

func (c *Cluster) readScalers(ctx context.Context, l *look) error {
	l.found.scalers, l.found.misled = map[string]mesh.Scaler{}, map[string][]string{}
	err := pages(ctx, metav1.ListOptions{}, c.autoscaling.HorizontalPodAutoscalers("").List,
		func(page *autoscalingv2.HorizontalPodAutoscalerList) {
			for i := range page.Items {
				h := &page.Items[i]
				key := fmt.Sprintf("%s %s/%s", h.Spec.ScaleTargetRef.Kind, h.Namespace, h.Spec.ScaleTargetRef.Name)
				l.found.scalers[key] = mesh.Scaler{Name: h.Name, Max: int(h.Spec.MaxReplicas), Full: max(h.Status.DesiredReplicas, h.Status.CurrentReplicas) >= h.Spec.MaxReplicas}
				if c.Swapping && misled(h) {
					l.found.misled[key] = append(l.found.misled[key], h.Name)
				}
			}
		})
	l.found.unscaled = c.Swapping && apierrors.IsForbidden(err)
	return optional(l, "HorizontalPodAutoscalers", err)
}
