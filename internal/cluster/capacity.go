// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/mesh"
)

// nodesFor is how long a reading of the nodes is used: they are large and change
// little. What their pods request is counted at each observation.
const nodesFor = 30 * time.Second

// usage is what the pods of one node request.
type usage struct {
	needs mesh.Needs
	pods  int64
}

// optional lets a user do without a right to read the capacity of the cluster: the
// World says what is not known.
func optional(o *observation, what string, err error) error {
	if apierrors.IsForbidden(err) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.world.Capacity.Unknown = append(o.world.Capacity.Unknown, what+": you may not list them")
		return nil
	}
	return client.ReadError(what, err)
}

func (r *Reader) readNodes(ctx context.Context, o *observation) error {
	nodes, denied, known := r.cache.knownNodes(r.now())
	if !known {
		err := client.List(ctx, allObjects, r.api.CoreV1().Nodes().List, func() { nodes = nil },
			func(page *corev1.NodeList) {
				for i := range page.Items {
					nodes = append(nodes, nodeOf(&page.Items[i]))
				}
			})
		if denied = apierrors.IsForbidden(err); err != nil && !denied {
			return client.ReadError("Nodes", err)
		}
		r.cache.keepNodes(nodes, denied, r.now())
	}
	if denied {
		return optional(o, "Nodes", apierrors.NewForbidden(corev1.Resource("nodes"), "", errors.New("denied")))
	}
	o.world.Capacity.Nodes = slices.Clone(nodes)
	return nil
}

func (c *cache) knownNodes(now time.Time) (nodes []mesh.Node, denied, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nodes, c.nodesDenied, !c.nodesAt.IsZero() && now.Sub(c.nodesAt) <= nodesFor
}

func (c *cache) keepNodes(nodes []mesh.Node, denied bool, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nodes, c.nodesDenied, c.nodesAt = nodes, denied, now
}

// nodeOf converts a node with all that it can allocate.
func nodeOf(n *corev1.Node) mesh.Node {
	ready := slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
	tainted := slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool {
		return t.Effect == corev1.TaintEffectNoSchedule || t.Effect == corev1.TaintEffectNoExecute
	})
	schedulable := ready && !n.Spec.Unschedulable
	a := n.Status.Allocatable
	return mesh.Node{
		Name: n.Name, AcceptsPods: schedulable && !tainted, Schedulable: schedulable,
		CPU: a.Cpu().MilliValue(), Memory: a.Memory().Value(), Pods: a.Pods().Value(),
	}
}

// subtractUsage subtracts what pods request from their nodes.
func (o *observation) subtractUsage() {
	for i, n := range o.world.Capacity.Nodes {
		u := o.usage[n.Name]
		o.world.Capacity.Nodes[i].CPU -= u.needs.CPU
		o.world.Capacity.Nodes[i].Memory -= u.needs.Memory
		o.world.Capacity.Nodes[i].Pods -= u.pods
	}
}

func (r *Reader) readQuotas(ctx context.Context, o *observation) error {
	err := client.List(ctx, allObjects, r.api.CoreV1().ResourceQuotas("").List, func() { o.world.Capacity.Quotas = nil },
		func(page *corev1.ResourceQuotaList) {
			for i := range page.Items {
				o.world.Capacity.Quotas = append(o.world.Capacity.Quotas, quotasOf(&page.Items[i])...)
			}
		})
	return optional(o, "ResourceQuotas", err)
}

// quotasOf ignores quotas with scopes: Rerig does not evaluate which pods they count.
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

func (r *Reader) readAutoscalers(ctx context.Context, o *observation) error {
	begin := func() { o.found.autoscalers, o.found.misleadable = map[string]mesh.Scaler{}, map[string][]string{} }
	err := client.List(ctx, allObjects, r.api.AutoscalingV2().HorizontalPodAutoscalers("").List, begin,
		func(page *autoscalingv2.HorizontalPodAutoscalerList) {
			for i := range page.Items {
				h := &page.Items[i]
				target := h.Spec.ScaleTargetRef
				key := fmt.Sprintf("%s %s/%s", target.Kind, h.Namespace, target.Name)
				o.found.autoscalers[key] = mesh.Scaler{
					Name: h.Name, Max: int(h.Spec.MaxReplicas),
					Full: max(h.Status.DesiredReplicas, h.Status.CurrentReplicas) >= h.Spec.MaxReplicas,
				}
				if r.scope.Swaps && countsIdlePods(h) {
					o.found.misleadable[key] = append(o.found.misleadable[key], h.Name)
				}
			}
		})
	o.found.autoscalersDenied = r.scope.Swaps && apierrors.IsForbidden(err)
	return optional(o, "HorizontalPodAutoscalers", err)
}

// countsIdlePods reports whether idle pods that the selector of an autoscaler's
// target still selects change the number of pods that it asks for. By CPU it goes
// by the sum, to which they add little. The memory that they keep adds up, a metric
// of pods may count each of them, and a value that is not divided by pods is
// multiplied by the ready ones:
// pkg/controller/podautoscaler/replica_calculator.go @v1.34.4.
func countsIdlePods(h *autoscalingv2.HorizontalPodAutoscaler) bool {
	return slices.ContainsFunc(h.Spec.Metrics, func(m autoscalingv2.MetricSpec) bool {
		switch {
		case m.Resource != nil:
			return m.Resource.Name != corev1.ResourceCPU
		case m.ContainerResource != nil:
			return m.ContainerResource.Name != corev1.ResourceCPU
		case m.Object != nil:
			return m.Object.Target.AverageValue == nil
		case m.External != nil:
			return m.External.Target.AverageValue == nil
		}
		return m.Pods != nil
	})
}

// autoscalerSelectors returns these autoscalers as selectors of pods: they count
// those that the selector of their Deployment selects.
func (r readings) autoscalerSelectors() []podSelector {
	var list []podSelector
	if r.autoscalersDenied {
		list = append(list, podSelector{PodSelector: mesh.PodSelector{Subject: "HorizontalPodAutoscalers", Effect: mesh.NotListable}})
	}
	for _, d := range r.deployments {
		for _, name := range r.misleadable[string(d.Ref())] {
			list = append(list, podSelector{namespace: d.Namespace, PodSelector: mesh.PodSelector{
				Subject: "HorizontalPodAutoscaler " + d.Namespace + "/" + name, Part: string("the selector of " + d.Ref()),
				Selector: d.selector, Effect: mesh.ScalesPods,
			}})
		}
	}
	return list
}
