// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
)

// uninstalled selects the objects that an uninstall of a revision would delete.
const uninstalled = mesh.RevisionLabel + "," + istio.ComponentLabel + " in (Pilot,IngressGateways,EgressGateways,Cni,Ztunnel)"

// helmRelease is the component of the Secrets in which Helm keeps a release.
const helmRelease = "HelmRelease"

// readComponents lists the objects of revisions: one list of metadata for each
// kind, and the manifests of Helm's releases, which label only a part of what they
// install.
func (r *Reader) readComponents(ctx context.Context, o *observation) error {
	if r.scope.RemovingRun == "" {
		return nil
	}
	lists := make([][]mesh.Component, len(istio.Components))
	group, ctx := errgroup.WithContext(ctx)
	for n, k := range istio.Components {
		group.Go(func() (err error) {
			lists[n], err = r.labeledComponents(ctx, k)
			return err
		})
	}
	var inReleases []mesh.Component
	group.Go(func() (err error) {
		inReleases, err = r.helmComponents(ctx)
		return err
	})
	if err := group.Wait(); err != nil {
		return err
	}
	o.world.Components = mergeComponents(slices.Concat(lists...), inReleases)
	return nil
}

// mergeComponents returns each object once. What its Helm release says about its
// manager and about sharing is added to what its labels say.
func mergeComponents(labeled, inReleases []mesh.Component) []mesh.Component {
	var list []mesh.Component
	at := map[string]int{}
	for _, b := range slices.Concat(labeled, inReleases) {
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

// labeledComponents lists the objects of a kind that have the labels of a revision
// and a component.
func (r *Reader) labeledComponents(ctx context.Context, k istio.Kind) ([]mesh.Component, error) {
	var list []mesh.Component
	err := client.List(ctx, client.Selected(uninstalled), r.api.Metadata.Resource(k.Resource).List, func() { list = nil },
		func(page *metav1.PartialObjectMetadataList) {
			for i := range page.Items {
				if b, ok := componentOf(k.Name, &page.Items[i]); ok {
					b.ManagedBy = cmp.Or(b.ManagedBy, helmReleaseElsewhere(&page.Items[i], r.root))
					list = append(list, b)
				}
			}
		})
	if apierrors.IsNotFound(err) {
		return nil, nil // this cluster does not serve the kind
	}
	return list, client.ReadError("each "+k.Name+" of a revision", err)
}

// componentOf returns false for an object that another one creates: it is deleted
// with its owner.
func componentOf(kind string, m metav1.Object) (mesh.Component, bool) {
	_, tagged := m.GetLabels()[istio.TagLabel]
	component := m.GetLabels()[istio.ComponentLabel]
	b := mesh.Component{
		Kind: kind, Namespace: m.GetNamespace(), Name: m.GetName(), UID: string(m.GetUID()),
		Revision: istio.RevisionOf(m.GetLabels()), IstioComponent: component,
		Shared:    tagged || component != istio.Pilot || kind == "DaemonSet",
		ManagedBy: recreatedBy(m),
	}
	return b, len(m.GetOwnerReferences()) == 0 || b.ManagedBy != ""
}

// helmReleaseElsewhere returns the Helm release that installed an object, if it is
// kept in another namespace than root.
func helmReleaseElsewhere(m metav1.Object, root string) string {
	namespace := m.GetAnnotations()["meta.helm.sh/release-namespace"]
	if namespace == "" || namespace == root {
		return ""
	}
	return "Helm release " + namespace + "/" + m.GetAnnotations()["meta.helm.sh/release-name"]
}

// recreatedBy returns who re-creates a component that is deleted: its owner, or the
// tool whose labels it has; "" for nobody.
func recreatedBy(m metav1.Object) string {
	for _, r := range m.GetOwnerReferences() {
		if strings.HasPrefix(r.APIVersion, "sailoperator.io/") {
			return "the Sail operator (" + r.Kind + " " + r.Name + ")"
		}
	}
	for _, by := range []struct{ key, tool string }{
		{"argocd.argoproj.io/instance", "Argo CD"}, {"argocd.argoproj.io/tracking-id", "Argo CD"},
		{"kustomize.toolkit.fluxcd.io/name", "Flux"}, {"helm.toolkit.fluxcd.io/name", "Flux"},
	} {
		if name := m.GetLabels()[by.key] + m.GetAnnotations()[by.key]; name != "" {
			return by.tool + " (" + name + ")"
		}
	}
	return ""
}
