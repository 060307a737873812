// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
)

// selectorsFor is how long a reading of what selects pods is used: it takes a dozen
// lists, and a plan that depends on it is approved once.
const selectorsFor = 30 * time.Second

// podSelector is something that selects pods by labels, and the namespaces in which
// it does.
type podSelector struct {
	mesh.PodSelector
	namespace  string        // "" where namespaces selects them
	namespaces mesh.Selector // by their labels
}

// selectsIn reports whether it selects pods in a namespace.
func (s podSelector) selectsIn(n mesh.Namespace) bool {
	return s.namespace == n.Name || s.namespace == "" && s.namespaces.Matches(n.Labels)
}

// readPodSelectors reads what selects pods by labels, for a run that swaps. The Deployments
// were read before.
func (r *Reader) readPodSelectors(ctx context.Context, o *observation) error {
	movable := func(c controller) bool { return c.Gateway && c.GatewayMake() != mesh.RenderedGateway }
	if !r.scope.Swaps || r.scope.GatewaysOnly && !slices.ContainsFunc(o.found.deployments, movable) {
		return nil
	}
	list, known := r.cache.knownSelectors(r.now())
	if !known {
		var err error
		if list, err = r.podSelectors(ctx); err != nil {
			return err
		}
		r.cache.keepSelectors(list, r.now())
	}
	o.found.selectors = list
	return nil
}

func (c *cache) knownSelectors(now time.Time) ([]podSelector, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.selectors, !c.selectorsAt.IsZero() && now.Sub(c.selectorsAt) <= selectorsFor
}

func (c *cache) keepSelectors(list []podSelector, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.selectors, c.selectorsAt = list, now
}

func (r *Reader) podSelectors(ctx context.Context) ([]podSelector, error) {
	c := &selectorCollector{root: r.root}
	c.end("PodDisruptionBudgets", client.List(ctx, allObjects, r.api.PolicyV1().PodDisruptionBudgets("").List, c.begin(),
		func(page *policyv1.PodDisruptionBudgetList) {
			for i := range page.Items {
				if b := &page.Items[i]; b.Spec.Selector != nil {
					c.add(mesh.CountsReady, "PodDisruptionBudget", &b.ObjectMeta, "", client.Selector(b.Spec.Selector))
				}
			}
		}))
	c.end("NetworkPolicies", client.List(ctx, allObjects, r.api.NetworkingV1().NetworkPolicies("").List, c.begin(),
		func(page *networkingv1.NetworkPolicyList) {
			for i := range page.Items {
				c.addNetworkPolicy(&page.Items[i])
			}
		}))
	c.end("DaemonSets", client.List(ctx, allObjects, r.api.AppsV1().DaemonSets("").List, c.begin(),
		func(page *appsv1.DaemonSetList) {
			for i := range page.Items {
				c.add(mesh.OwnsOrphans, "DaemonSet", &page.Items[i].ObjectMeta, "", client.Selector(page.Items[i].Spec.Selector))
			}
		}))
	c.end("ReplicaSets", r.standaloneSets(ctx, func(s *appsv1.ReplicaSet) {
		c.add(mesh.OwnsOrphans, "ReplicaSet", s, "", client.Selector(s.Spec.Selector))
	}))
	c.end("ReplicationControllers", client.List(ctx, allObjects, r.api.CoreV1().ReplicationControllers("").List, c.begin(),
		func(page *corev1.ReplicationControllerList) {
			for i := range page.Items {
				if rc := &page.Items[i]; len(rc.Spec.Selector) > 0 {
					c.add(mesh.OwnsOrphans, "ReplicationController", &rc.ObjectMeta, "", matchLabels(rc.Spec.Selector))
				}
			}
		}))
	for _, s := range istio.WorkloadSelectors() {
		resource := s.Kind.Resource
		c.end(resource.Resource+"."+resource.Group, client.List(ctx, allObjects, r.api.Dynamic.Resource(resource).List, c.begin(),
			func(page *unstructured.UnstructuredList) {
				for i := range page.Items {
					c.addIstio(s, &page.Items[i])
				}
			}))
	}
	slices.SortStableFunc(c.list, func(a, b podSelector) int { return strings.Compare(a.Subject, b.Subject) })
	return c.list, c.err
}

func matchLabels(labels map[string]string) mesh.Selector {
	return client.Selector(&metav1.LabelSelector{MatchLabels: labels})
}

// selectorCollector collects what selects pods.
type selectorCollector struct {
	root string
	list []podSelector
	err  error // the first
}

// begin returns the function that forgets what a list has added.
func (c *selectorCollector) begin() func() {
	from := len(c.list)
	return func() { c.list = c.list[:from] }
}

// end handles the result of a list. A kind that this cluster does not serve selects
// nothing. A kind that may not be listed is noted as not known.
func (c *selectorCollector) end(what string, err error) {
	switch {
	case apierrors.IsForbidden(err):
		c.list = append(c.list, podSelector{PodSelector: mesh.PodSelector{Subject: what, Effect: mesh.NotListable}})
	case err != nil && !apierrors.IsNotFound(err) && c.err == nil:
		c.err = client.ReadError(what, err)
	}
}

func (c *selectorCollector) add(does mesh.Effect, kind string, m metav1.Object, part string, selector mesh.Selector) {
	c.list = append(c.list, podSelector{namespace: m.GetNamespace(), PodSelector: mesh.PodSelector{
		Subject: kind + " " + m.GetNamespace() + "/" + m.GetName(), Part: part, Selector: selector, Effect: does,
	}})
}

// addNetworkPolicy adds the pods that a policy applies to, and those that it allows
// to talk to them: a parked pod still calls others and must not be cut off.
func (c *selectorCollector) addNetworkPolicy(p *networkingv1.NetworkPolicy) {
	c.add(mesh.SetsPolicy, "NetworkPolicy", p, "", client.Selector(&p.Spec.PodSelector))
	for _, rule := range p.Spec.Ingress {
		c.addPeers(p, "its ingress peers", rule.From)
	}
	for _, rule := range p.Spec.Egress {
		c.addPeers(p, "its egress peers", rule.To)
	}
}

func (c *selectorCollector) addPeers(p *networkingv1.NetworkPolicy, part string, peers []networkingv1.NetworkPolicyPeer) {
	for _, peer := range peers {
		if peer.PodSelector == nil {
			continue
		}
		c.add(mesh.SetsPolicy, "NetworkPolicy", p, part, client.Selector(peer.PodSelector))
		if peer.NamespaceSelector != nil {
			last := &c.list[len(c.list)-1]
			last.namespace, last.namespaces = "", client.Selector(peer.NamespaceSelector)
		}
	}
}

// addIstio adds an object of Istio's that selects by labels. One in the root
// namespace selects pods of all namespaces, and so does any Gateway.
func (c *selectorCollector) addIstio(s istio.WorkloadSelector, object *unstructured.Unstructured) {
	labels, _, _ := unstructured.NestedStringMap(object.Object, append([]string{"spec"}, s.Path...)...)
	if len(labels) == 0 {
		return
	}
	does := mesh.SetsPolicy
	if s.Kind.Name == "ServiceEntry" {
		does = mesh.SendsTraffic
	}
	c.add(does, s.Kind.Name, object, "", matchLabels(labels))
	if (object.GetNamespace() == c.root || s.Kind.Name == "Gateway") && does != mesh.SendsTraffic {
		c.list[len(c.list)-1].namespace = ""
	}
}

// selectorsByNamespace returns what selects pods, by namespace.
func (r readings) selectorsByNamespace() map[string][]mesh.PodSelector {
	by, all := map[string][]mesh.PodSelector{}, slices.Concat(r.selectors, r.autoscalerSelectors())
	for _, n := range r.namespaces {
		for _, s := range all {
			if s.Effect == mesh.NotListable || s.selectsIn(n) {
				by[n.Name] = append(by[n.Name], s.PodSelector)
			}
		}
	}
	return by
}
