// SPDX-License-Identifier: Apache-2.0

// Package mesh is the vocabulary of an Istio upgrade: plain, sorted, comparable
// values and no clients. A World is one observation of a cluster; everything
// that decides reads a World and nothing else.
package mesh

import (
	"cmp"
	"slices"
)

// World is one observation of a mesh. All slices are sorted (see Sort), so that
// two observations of an unchanged mesh are equal. Namespace, Workload, In and
// Connections search them as sorted: of a World that is not they may miss what is
// there.
type World struct {
	RootNamespace string      // where istiod lives, nearly always istio-system
	CRDInstalled  bool        // the MeshUpgrade definition (CRD) is in the cluster
	Roots         []string    // fingerprints of the mesh's root certificates (ConfigMap istio-ca-root-cert of the root namespace)
	Revisions     []Revision  // every control-plane revision with an istiod Deployment or an injection webhook
	Tags          []Tag       // every revision tag
	Validator     Validator   // what validates configuration that names no revision
	Webhooks      []Webhook   // every injection webhook, as the API server evaluates it
	Namespaces    []Namespace // every namespace
	Workloads     []Workload  // every workload with pods or a template that concern the mesh, gateways among them
	Proxies       []Proxy     // every connection that some istiod reports
	Capacity      Capacity    // what is left for pods
	Trials        []Trial     // every pod that a run tries, of any run

	// Read only for a run that takes a revision away, or that took one away.
	Components  []Component // every object that bears a revision
	SavedCopies []Component // what was kept of revisions that were taken away
	Referrers   []Reference // what else names a revision
}

// Sort brings a freshly read World into its canonical order.
func (w *World) Sort() {
	slices.Sort(w.Roots)
	slices.SortFunc(w.Revisions, func(a, b Revision) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(w.Tags, func(a, b Tag) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(w.Webhooks, func(a, b Webhook) int {
		return cmp.Or(cmp.Compare(a.Configuration, b.Configuration), cmp.Compare(a.Name, b.Name))
	})
	slices.SortFunc(w.Namespaces, func(a, b Namespace) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(w.Workloads, Workload.compare)
	for i := range w.Revisions {
		slices.SortFunc(w.Revisions[i].Istiods, func(a, b Istiod) int { return cmp.Compare(a.Pod, b.Pod) })
	}
	for i := range w.Workloads {
		slices.SortFunc(w.Workloads[i].Pods, func(a, b Pod) int { return cmp.Compare(a.Name, b.Name) })
		slices.SortFunc(w.Workloads[i].Services, func(a, b Service) int { return cmp.Compare(a.Name, b.Name) })
	}
	slices.SortFunc(w.Capacity.Nodes, func(a, b Node) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(w.Capacity.Quotas, func(a, b Quota) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Resource, b.Resource))
	})
	slices.Sort(w.Capacity.Unknown)
	slices.SortFunc(w.Trials, Trial.compare)
	slices.SortFunc(w.Components, Component.compare)
	slices.SortFunc(w.SavedCopies, Component.compare)
	slices.SortFunc(w.Referrers, func(a, b Reference) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Through, b.Through))
	})
	slices.SortFunc(w.Proxies, func(a, b Proxy) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Pod, b.Pod), cmp.Compare(a.Istiod, b.Istiod))
	})
}

// Revision returns the control plane of that name, the zero Revision and false
// where there is none.
func (w World) Revision(name string) (Revision, bool) {
	return find(w.Revisions, func(r Revision) bool { return r.Name == name })
}

// Namespace returns the namespace of that name, the zero Namespace and false where
// there is none.
func (w World) Namespace(name string) (Namespace, bool) {
	i, ok := slices.BinarySearchFunc(w.Namespaces, name, func(n Namespace, name string) int { return cmp.Compare(n.Name, name) })
	if !ok {
		return Namespace{}, false
	}
	return w.Namespaces[i], true
}

// Workload returns the workload of that reference; the zero Workload and false where
// there is none, and for a malformed reference.
func (w World) Workload(ref WorkloadRef) (Workload, bool) {
	kind, namespace, name := ref.split()
	i, ok := slices.BinarySearchFunc(w.Workloads, Workload{Kind: Kind(kind), Namespace: namespace, Name: name}, Workload.compare)
	if !ok {
		return Workload{}, false
	}
	return w.Workloads[i], true
}

// In returns the workloads of a namespace, by kind and name; none for one that is
// not there. They are the World's own: not to be written to.
func (w World) In(namespace string) []Workload {
	first, _ := slices.BinarySearchFunc(w.Workloads, Workload{Namespace: namespace}, Workload.compare)
	end := first
	for end < len(w.Workloads) && w.Workloads[end].Namespace == namespace {
		end++
	}
	return w.Workloads[first:end]
}

// compare orders workloads by namespace, then kind, then name.
func (w Workload) compare(o Workload) int {
	return cmp.Or(cmp.Compare(w.Namespace, o.Namespace), cmp.Compare(w.Kind, o.Kind), cmp.Compare(w.Name, o.Name))
}

// Connections returns what the istiods say about one pod's proxy, none when no
// istiod that answered serves it; more than one element means that more than one
// istiod holds a connection of it.
func (w World) Connections(namespace, pod string) []Proxy {
	i, _ := slices.BinarySearchFunc(w.Proxies, [2]string{namespace, pod}, func(p Proxy, k [2]string) int {
		return cmp.Or(cmp.Compare(p.Namespace, k[0]), cmp.Compare(p.Pod, k[1]))
	})
	j := i
	for j < len(w.Proxies) && w.Proxies[j].Namespace == namespace && w.Proxies[j].Pod == pod {
		j++
	}
	return w.Proxies[i:j]
}

func find[T any](list []T, match func(T) bool) (T, bool) {
	if i := slices.IndexFunc(list, match); i >= 0 {
		return list[i], true
	}
	var none T
	return none, false
}
