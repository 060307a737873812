// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/rerig/rerig/internal/mesh"
)

const (
	componentLabel = "operator.istio.io/component"

	pilot       = "Pilot"
	helmRelease = "HelmRelease"
)

// made are the kinds of which a control plane is made: those that `istioctl
// uninstall --revision` looks at (operator/pkg/uninstall/prune.go @1.31.0) and
// what else the chart istiod renders, 1.29.1 and 1.31.0.
var made = byKind(
	schema.GroupVersionKind{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "MutatingWebhookConfiguration"},
	schema.GroupVersionKind{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "ValidatingWebhookConfiguration"},
	schema.GroupVersionKind{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "ValidatingAdmissionPolicy"},
	schema.GroupVersionKind{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "ValidatingAdmissionPolicyBinding"},
	schema.GroupVersionKind{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "ClusterRole"},
	schema.GroupVersionKind{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "ClusterRoleBinding"},
	schema.GroupVersionKind{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "Role"},
	schema.GroupVersionKind{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "RoleBinding"},
	schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"},
	schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "DaemonSet"},
	schema.GroupVersionKind{Version: "v1", Kind: "Service"},
	schema.GroupVersionKind{Group: "discovery.k8s.io", Version: "v1", Kind: "EndpointSlice"}, // of a remote istiod; others go with their Service
	schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"},
	schema.GroupVersionKind{Version: "v1", Kind: "Secret"},
	schema.GroupVersionKind{Version: "v1", Kind: "ServiceAccount"},
	schema.GroupVersionKind{Group: "policy", Version: "v1", Kind: "PodDisruptionBudget"},
	schema.GroupVersionKind{Group: "autoscaling", Version: "v2", Kind: "HorizontalPodAutoscaler"},
	schema.GroupVersionKind{Group: "networking.k8s.io", Version: "v1", Kind: "NetworkPolicy"},
	schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1alpha3", Kind: "EnvoyFilter"},
)

func byKind(kinds ...schema.GroupVersionKind) map[string]schema.GroupVersionKind {
	m := map[string]schema.GroupVersionKind{}
	for _, kind := range kinds {
		m[kind.Kind] = kind
	}
	return m
}

// resourceOf is where objects of a kind are found.
func resourceOf(kind string) schema.GroupVersionResource {
	resource, _ := meta.UnsafeGuessKindToResource(made[kind])
	return resource
}

// components are those whose objects an uninstall of a revision would delete.
const components = componentLabel + " in (Pilot,IngressGateways,EgressGateways,Cni,Ztunnel)"

// readBelongings lists what bears a revision: one list of labels a kind, and the
// manifests of Helm's releases, which label only a part of what they install.
func (c *Cluster) readBelongings(ctx context.Context, l *look) error {
	if c.Removing == "" {
		return nil
	}
	lists := make([][]mesh.Component, len(made))
	group, ctx := errgroup.WithContext(ctx)
	n := 0
	for kind := range made {
		at := n
		n++
		group.Go(func() (err error) {
			lists[at], err = c.stamped(ctx, kind)
			return err
		})
	}
	var released []mesh.Component
	group.Go(func() (err error) {
		released, err = c.released(ctx)
		return err
	})
	if err := group.Wait(); err != nil {
		return err
	}
	l.world.Components = merged(slices.Concat(lists...), released)
	return nil
}

// merged has each object once. What its release says of who keeps it, or shares
// it, holds beside what it says itself.
func merged(stamped, released []mesh.Component) []mesh.Component {
	var list []mesh.Component
	at := map[string]int{}
	for _, b := range slices.Concat(stamped, released) {
		n, twice := at[b.String()]
		if !twice {
			at[b.String()] = len(list)
			list = append(list, b)
			continue
		}
		list[n].ManagedBy, list[n].Shared = cmp.Or(list[n].ManagedBy, b.ManagedBy), list[n].Shared || b.Shared
	}
	return list
}

// stamped lists the objects of a kind that bear a revision and a component.
func (c *Cluster) stamped(ctx context.Context, kind string) ([]mesh.Component, error) {
	var list []mesh.Component
	options := metav1.ListOptions{LabelSelector: mesh.RevisionLabel + "," + components}
	err := pages(ctx, options, c.metadata.Resource(resourceOf(kind)).List, func(page *metav1.PartialObjectMetadataList) {
		for i := range page.Items {
			if b, ok := belonging(kind, &page.Items[i]); ok {
				b.ManagedBy = cmp.Or(b.ManagedBy, elsewhere(&page.Items[i], c.Root))
				list = append(list, b)
			}
		}
	})
	if apierrors.IsNotFound(err) {
		return nil, nil // a kind that this cluster does not know
	}
	return list, reading("each "+kind+" that bears a revision", err)
}

// belonging is false for what another object makes: it goes with that one.
func belonging(kind string, m metav1.Object) (mesh.Component, bool) {
	b := mesh.Component{Kind: kind, Namespace: m.GetNamespace(), Name: m.GetName(), UID: string(m.GetUID()),
		Revision: revisionOf(m.GetLabels()), IstioComponent: m.GetLabels()[componentLabel]}
	_, tagged := m.GetLabels()[tagLabel]
	b.Shared = tagged || b.IstioComponent != pilot || kind == "DaemonSet"
	b.ManagedBy = handsOn(m)
	return b, len(m.GetOwnerReferences()) == 0 || b.ManagedBy != ""
}

// elsewhere names the Helm release that installed an object, where it is kept in
// another namespace than we look into.
func elsewhere(m metav1.Object, root string) string {
	namespace := m.GetAnnotations()["meta.helm.sh/release-namespace"]
	if namespace == "" || namespace == root {
		return ""
	}
	return "Helm release " + namespace + "/" + m.GetAnnotations()["meta.helm.sh/release-name"]
}

// handsOn tells who keeps an object by making it anew: its owner, or the labels
// by which a tool knows what it keeps.
func handsOn(m metav1.Object) string {
	for _, r := range m.GetOwnerReferences() {
		if strings.HasPrefix(r.APIVersion, "sailoperator.io/") {
			return "the Sail operator (" + r.Kind + " " + r.Name + ")"
		}
	}
	for _, by := range []struct{ key, who string }{
		{"argocd.argoproj.io/instance", "Argo CD"}, {"argocd.argoproj.io/tracking-id", "Argo CD"},
		{"kustomize.toolkit.fluxcd.io/name", "Flux"}, {"helm.toolkit.fluxcd.io/name", "Flux"},
	} {
		if name := m.GetLabels()[by.key] + m.GetAnnotations()[by.key]; name != "" {
			return by.who + " (" + name + ")"
		}
	}
	return ""
}
