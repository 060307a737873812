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
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/rerig/rerig/internal/mesh"
)

// selectingFor is how long a reading of what goes by labels counts: it takes a
// dozen lists, and what a plan says of it is agreed to once.
const selectingFor = 30 * time.Second

// selecting is what goes by labels, and the namespaces in which it does.
type selecting struct {
	mesh.PodSelector
	namespace string        // "" where spaces tells
	spaces    mesh.Selector // of namespaces
}

// reaches reports whether pods of a namespace are meant.
func (s selecting) reaches(n mesh.Namespace) bool {
	return s.namespace == n.Name || s.namespace == "" && s.spaces.Matches(n.Labels)
}

// workloadSelectors are where Istio's kinds keep the labels of the pods that they
// are about. ProxyConfig is left out: it is read when a proxy starts.
var workloadSelectors = map[string][]string{
	"DestinationRule":       {"workloadSelector", "matchLabels"},
	"EnvoyFilter":           {"workloadSelector", "labels"},
	"ServiceEntry":          {"workloadSelector", "labels"},
	"Sidecar":               {"workloadSelector", "labels"},
	"AuthorizationPolicy":   {"selector", "matchLabels"},
	"PeerAuthentication":    {"selector", "matchLabels"},
	"RequestAuthentication": {"selector", "matchLabels"},
	"Telemetry":             {"selector", "matchLabels"},
	"WasmPlugin":            {"selector", "matchLabels"},
	"TrafficExtension":      {"selector", "matchLabels"},
}

func selectedAs(kind string) schema.GroupVersionResource {
	if kind == "EnvoyFilter" {
		return envoyFilters
	}
	return configs[kind]
}

// Choosing is what is read, beside Observing, to know what goes by the labels that
// a swap changes. Without it nothing is swapped, and the plan says so.
func Choosing() []Permission {
	list := []Permission{
		{"list", "", "replicationcontrollers", "", ""},
		{"list", "autoscaling", "horizontalpodautoscalers", "", ""},
		{"list", "networking.k8s.io", "networkpolicies", "", ""},
		{"list", "policy", "poddisruptionbudgets", "", ""},
	}
	for kind := range workloadSelectors {
		list = append(list, Permission{"list", selectedAs(kind).Group, selectedAs(kind).Resource, "", ""})
	}
	return sortedPermissions(list)
}

// readSelecting reads what goes by the labels of pods, where a run swaps.
func (c *Cluster) readSelecting(ctx context.Context, l *look) error {
	if !c.Swapping {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.selectingAt.IsZero() || c.Now().Sub(c.selectingAt) > selectingFor {
		list, err := c.choosers(ctx)
		if err != nil {
			return err
		}
		c.selecting, c.selectingAt = list, c.Now()
	}
	l.found.selecting = c.selecting
	return nil
}

func (c *Cluster) choosers(ctx context.Context) ([]selecting, error) {
	s := &chooser{root: c.Root}
	whole := metav1.ListOptions{}
	s.took("PodDisruptionBudgets", pages(ctx, whole, c.policy.PodDisruptionBudgets("").List, func(page *policyv1.PodDisruptionBudgetList) {
		for i := range page.Items {
			if b := &page.Items[i]; b.Spec.Selector != nil {
				s.add(mesh.CountsReady, "PodDisruptionBudget", &b.ObjectMeta, "", selectorOf(b.Spec.Selector))
			}
		}
	}))
	s.took("NetworkPolicies", pages(ctx, whole, c.networking.NetworkPolicies("").List, func(page *networkingv1.NetworkPolicyList) {
		for i := range page.Items {
			s.network(&page.Items[i])
		}
	}))
	s.took("DaemonSets", pages(ctx, whole, c.apps.DaemonSets("").List, func(page *appsv1.DaemonSetList) {
		for i := range page.Items {
			s.add(mesh.AdoptsPods, "DaemonSet", &page.Items[i].ObjectMeta, "", selectorOf(page.Items[i].Spec.Selector))
		}
	}))
	s.took("ReplicaSets", c.lonelySets(ctx, func(r *appsv1.ReplicaSet) {
		s.add(mesh.AdoptsPods, "ReplicaSet", r, "", selectorOf(r.Spec.Selector))
	}))
	s.took("ReplicationControllers", pages(ctx, whole, c.core.ReplicationControllers("").List, func(page *corev1.ReplicationControllerList) {
		for i := range page.Items {
			if r := &page.Items[i]; len(r.Spec.Selector) > 0 {
				s.add(mesh.AdoptsPods, "ReplicationController", &r.ObjectMeta, "", selectorOf(&metav1.LabelSelector{MatchLabels: r.Spec.Selector}))
			}
		}
	}))
	for kind, path := range workloadSelectors {
		resource := selectedAs(kind)
		s.took(resource.Resource+"."+resource.Group, pages(ctx, whole, c.objects.Resource(resource).List, func(page *unstructured.UnstructuredList) {
			for i := range page.Items {
				s.istio(kind, path, &page.Items[i])
			}
		}))
	}
	slices.SortStableFunc(s.list, func(a, b selecting) int { return strings.Compare(a.Subject, b.Subject) })
	return s.list, s.err
}

// chooser collects what goes by labels.
type chooser struct {
	root string
	list []selecting
	err  error // the first
}

// took minds how the list of a kind ended: one that this cluster does not know
// selects nothing; of one that may not be listed that is not known.
func (s *chooser) took(what string, err error) {
	switch {
	case apierrors.IsForbidden(err):
		s.list = append(s.list, selecting{PodSelector: mesh.PodSelector{Subject: what, Effect: mesh.NotListable}})
	case err != nil && !apierrors.IsNotFound(err) && s.err == nil:
		s.err = reading(what, err)
	}
}

func (s *chooser) add(does mesh.Effect, kind string, m metav1.Object, part string, selector mesh.Selector) {
	s.list = append(s.list, selecting{namespace: m.GetNamespace(),
		PodSelector: mesh.PodSelector{Subject: kind + " " + m.GetNamespace() + "/" + m.GetName(), Part: part, Selector: selector, Effect: does}})
}

// network takes a policy up by the pods that it is about, and by those that it
// lets talk to them: a parked pod still calls others, and is not to be cut off.
func (s *chooser) network(p *networkingv1.NetworkPolicy) {
	s.add(mesh.SetsPolicy, "NetworkPolicy", p, "", selectorOf(&p.Spec.PodSelector))
	for _, rule := range p.Spec.Ingress {
		s.peers(p, "its ingress peers", rule.From)
	}
	for _, rule := range p.Spec.Egress {
		s.peers(p, "its egress peers", rule.To)
	}
}

func (s *chooser) peers(p *networkingv1.NetworkPolicy, part string, peers []networkingv1.NetworkPolicyPeer) {
	for _, peer := range peers {
		if peer.PodSelector == nil {
			continue
		}
		s.add(mesh.SetsPolicy, "NetworkPolicy", p, part, selectorOf(peer.PodSelector))
		if peer.NamespaceSelector != nil {
			last := &s.list[len(s.list)-1]
			last.namespace, last.spaces = "", selectorOf(peer.NamespaceSelector)
		}
	}
}

// istio takes an object of Istio's up that names labels. One of the root namespace
// is about pods of all.
func (s *chooser) istio(kind string, path []string, o *unstructured.Unstructured) {
	labels, _, _ := unstructured.NestedStringMap(o.Object, append([]string{"spec"}, path...)...)
	if len(labels) == 0 {
		return
	}
	does := mesh.SetsPolicy
	if kind == "ServiceEntry" {
		does = mesh.SendsTraffic
	}
	s.add(does, kind, o, "", selectorOf(&metav1.LabelSelector{MatchLabels: labels}))
	if o.GetNamespace() == s.root && kind != "ServiceEntry" {
		s.list[len(s.list)-1].namespace = ""
	}
}

// others are what goes by the labels of pods, by namespace.
func (r readings) others() map[string][]mesh.PodSelector {
	by, all := map[string][]mesh.PodSelector{}, slices.Concat(r.selecting, r.scaling())
	for _, n := range r.namespaces {
		for _, s := range all {
			if s.Effect == mesh.NotListable || s.reaches(n) {
				by[n.Name] = append(by[n.Name], s.PodSelector)
			}
		}
	}
	return by
}
