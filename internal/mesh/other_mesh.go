// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"cmp"
	"slices"
	"strings"
)

// OtherMesh is another mesh in the same cluster: an istiod in another namespace, with its
// own injection webhooks.
type OtherMesh struct {
	RootNamespace string
	Revisions     []string  // of its webhooks
	Namespaces    []string  // those that are part of it, without its root namespace
	Webhooks      []Webhook // its injection webhooks, which World.Webhooks does not have
}

// OfOtherMesh reports whether a webhook calls an istiod in another namespace than root. One
// that calls a URL counts as this mesh's.
func (h Webhook) OfOtherMesh(root string) bool {
	return h.istiodNamespace() != "" && h.istiodNamespace() != root
}

// istiodNamespace returns the namespace of the Service that a webhook calls, "" for one that
// calls a URL.
func (h Webhook) istiodNamespace() string {
	if strings.Contains(h.Service, "://") {
		return ""
	}
	namespace, _, _ := strings.Cut(h.Service, "/")
	return namespace
}

// matches reports whether the webhook is called for a new pod of the template.
func (h Webhook) matches(namespace Namespace, template Template) bool {
	return h.Namespaces.Matches(namespace.Labels) && h.Objects.Matches(template.Labels)
}

// SeparateMeshes takes other meshes out of an observation: their webhooks, the workloads
// that only they inject or that only their proxies run in, and their components. A
// namespace is part of the mesh whose webhooks inject into it. The World must be complete
// otherwise; it is sorted afterwards.
func (w *World) SeparateMeshes() {
	other := func(h Webhook) bool { return h.OfOtherMesh(w.RootNamespace) }
	others := slices.DeleteFunc(slices.Clone(w.Webhooks), func(h Webhook) bool { return !other(h) })
	if len(others) == 0 {
		return
	}
	w.Webhooks = slices.DeleteFunc(w.Webhooks, other)
	w.OtherMeshes = otherMeshes(others)
	for i, ns := range w.Namespaces {
		w.Namespaces[i].Mesh = w.otherMeshOf(ns)
	}
	for i, m := range w.OtherMeshes {
		for _, ns := range w.Namespaces {
			if ns.Mesh == m.RootNamespace && ns.Name != m.RootNamespace {
				w.OtherMeshes[i].Namespaces = append(w.OtherMeshes[i].Namespaces, ns.Name)
			}
		}
		slices.Sort(w.OtherMeshes[i].Namespaces)
	}
	namespaces := map[string]Namespace{}
	for _, ns := range w.Namespaces {
		namespaces[ns.Name] = ns
	}
	w.Workloads = slices.DeleteFunc(w.Workloads, func(wl Workload) bool { return w.ofOtherMesh(namespaces[wl.Namespace], wl) })
	w.Components = slices.DeleteFunc(w.Components, w.componentOfOtherMesh)
}

// otherMeshes groups webhooks by the namespace of their istiod.
func otherMeshes(webhooks []Webhook) []OtherMesh {
	var list []OtherMesh
	slices.SortStableFunc(webhooks, func(a, b Webhook) int { return cmp.Compare(a.istiodNamespace(), b.istiodNamespace()) })
	for _, h := range webhooks {
		if len(list) == 0 || list[len(list)-1].RootNamespace != h.istiodNamespace() {
			list = append(list, OtherMesh{RootNamespace: h.istiodNamespace()})
		}
		m := &list[len(list)-1]
		m.Webhooks, m.Revisions = append(m.Webhooks, h), append(m.Revisions, h.Revision)
	}
	for i := range list {
		list[i].Revisions = sortedUnique(list[i].Revisions)
	}
	return list
}

// otherMeshOf returns the root namespace of the other mesh of which a namespace is part, ""
// for none.
func (w World) otherMeshOf(ns Namespace) string {
	if i := slices.IndexFunc(w.OtherMeshes, func(m OtherMesh) bool { return m.RootNamespace == ns.Name }); i >= 0 {
		return ns.Name
	}
	if others := w.InjectedByOthers(ns, Template{}); len(others) > 0 && len(w.Injectors(ns, Template{})) == 0 {
		return others[0]
	}
	return ""
}

// InjectedByOthers returns the root namespaces of the other meshes whose webhooks would
// inject a new pod of the template in that namespace.
func (w World) InjectedByOthers(namespace Namespace, template Template) []string {
	if slices.Contains(neverInjected, namespace.Name) || template.HostNetwork || injectionDisabled(template) {
		return nil
	}
	var roots []string
	for _, m := range w.OtherMeshes {
		if slices.ContainsFunc(m.Webhooks, func(h Webhook) bool { return h.matches(namespace, template) }) {
			roots = append(roots, m.RootNamespace)
		}
	}
	return roots
}

// ofOtherMesh reports whether a workload is another mesh's. One that this mesh injects, or
// of which a pod has a proxy of this mesh, is this mesh's.
func (w World) ofOtherMesh(ns Namespace, wl Workload) bool {
	if len(w.Injectors(ns, wl.Template)) > 0 || slices.ContainsFunc(wl.Live(), func(p Pod) bool { return w.ownProxy(p.Sidecar) }) {
		return false
	}
	foreign := func(p Pod) bool { return p.Sidecar.Mesh != "" }
	return ns.Mesh != "" || slices.ContainsFunc(wl.Live(), foreign) || len(w.InjectedByOthers(ns, wl.Template)) > 0
}

// ownProxy reports whether a proxy is configured for this mesh's istiod. Where the proxy
// does not tell, a revision that no other mesh has counts.
func (w World) ownProxy(s Sidecar) bool {
	if !s.Present || s.Mesh != "" {
		return s.Present && s.Mesh == w.RootNamespace
	}
	return s.Revision != "" && !slices.ContainsFunc(w.OtherMeshes, func(m OtherMesh) bool { return slices.Contains(m.Revisions, s.Revision) })
}

// componentOfOtherMesh reports whether an object is a part of another mesh's control plane,
// which may have the same revision name: the chart adds istiod's namespace to the names of
// its cluster-scoped objects (manifests/charts/istio-control/istio-discovery @1.30.3).
func (w World) componentOfOtherMesh(c Component) bool {
	return slices.ContainsFunc(w.OtherMeshes, func(m OtherMesh) bool {
		switch {
		case c.Namespace != "":
			return c.Namespace == m.RootNamespace
		case c.Kind == "MutatingWebhookConfiguration":
			return slices.ContainsFunc(m.Webhooks, func(h Webhook) bool { return h.Configuration == c.Name })
		}
		return strings.HasSuffix(c.Name, "-"+m.RootNamespace) && !strings.HasSuffix(c.Name, "-"+w.RootNamespace)
	})
}

// ConfigOfOtherMesh reports whether configuration is another mesh's: by the namespace that
// it is in, or by a revision that only that mesh has.
func (w World) ConfigOfOtherMesh(c PartialConfig) bool {
	_, name, _ := strings.Cut(c.Subject, " ")
	namespace, _, _ := strings.Cut(name, "/")
	ns, _ := w.Namespace(namespace)
	_, own := w.Revision(c.Revision)
	has := func(m OtherMesh) bool { return slices.Contains(m.Revisions, c.Revision) }
	return ns.Mesh != "" || !own && slices.ContainsFunc(w.OtherMeshes, has)
}
