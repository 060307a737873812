// SPDX-License-Identifier: Apache-2.0

// Package mesh holds the nouns of an Istio upgrade as plain, sorted, comparable values,
// without clients. A World is one observation of a cluster. All decisions read a World and
// nothing else.
package mesh

import (
	"cmp"
	"slices"
	"strings"
)

// World is one observation of a mesh. All slices are sorted (see Sort), so that two
// observations of an unchanged mesh are equal. Namespace, Workload, WorkloadsIn and Connections
// require sorted slices.
type World struct {
	RootNamespace string      // the namespace of istiod, usually istio-system
	CRDInstalled  bool        // the CRD of MeshUpgrade exists
	Roots         []string    // fingerprints of the mesh's roots (ConfigMap istio-ca-root-cert of the root namespace)
	Revisions     []Revision  // every control-plane revision with an istiod Deployment or an injection webhook
	Tags          []Tag       // every revision tag
	Validator     Validator   // the webhook that validates configuration without a revision
	Webhooks      []Webhook   // every injection webhook, as the API server evaluates it
	Namespaces    []Namespace // every namespace
	Workloads     []Workload  // every workload whose pods or template concern the mesh, including gateways
	Proxies       []Proxy     // every connection that an istiod reports
	Capacity      Capacity    // free resources of nodes and quotas
	Trials        []Trial     // the trial pods of all runs
	GatewayAPI    bool        // the Gateway API is served; read only where a revision has no name
	Contested     []ContestedGateway
	OtherMeshes   []OtherMesh // other meshes in the cluster, which the fields above leave out (SeparateMeshes)

	// Read only for a run that removes or has removed a revision.
	Components  []Component // every object that is labelled with a revision
	SavedCopies []Component // saved copies of the objects of removed revisions
	References  []Reference // other objects that use a revision
}

// Sort puts the World into its canonical order.
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
	slices.SortFunc(w.Contested, func(a, b ContestedGateway) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	slices.SortFunc(w.Components, Component.compare)
	slices.SortFunc(w.SavedCopies, Component.compare)
	slices.SortFunc(w.References, func(a, b Reference) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Through, b.Through))
	})
	slices.SortFunc(w.Proxies, func(a, b Proxy) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Pod, b.Pod), cmp.Compare(a.Istiod, b.Istiod))
	})
}

// Revision returns the control plane of that name, and whether it exists.
func (w World) Revision(name string) (Revision, bool) {
	return find(w.Revisions, func(r Revision) bool { return r.Name == name })
}

// Namespace returns the namespace of that name, and whether it exists.
func (w World) Namespace(name string) (Namespace, bool) {
	i, ok := slices.BinarySearchFunc(w.Namespaces, name, func(n Namespace, name string) int {
		return cmp.Compare(n.Name, name)
	})
	if !ok {
		return Namespace{}, false
	}
	return w.Namespaces[i], true
}

// Workload returns the workload of that reference, and whether it exists. It returns false
// for a malformed reference.
func (w World) Workload(ref WorkloadRef) (Workload, bool) {
	if found := w.one(ref); len(found) > 0 {
		return found[0], true
	}
	return Workload{}, false
}

// one returns the workload of a reference, none if it does not exist.
func (w World) one(ref WorkloadRef) []Workload {
	kind, namespace, name := ref.split()
	i, ok := slices.BinarySearchFunc(w.Workloads, Workload{Kind: Kind(kind), Namespace: namespace, Name: name}, Workload.compare)
	if !ok {
		return nil
	}
	return w.Workloads[i : i+1]
}

// WorkloadsIn returns the workloads of a namespace, by kind and name. In place of a namespace it
// takes the reference of one workload, as waves do. The slice is part of the World and must not be
// changed.
func (w World) WorkloadsIn(namespace string) []Workload {
	if strings.Contains(namespace, " ") {
		return w.one(WorkloadRef(namespace))
	}
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

// Connections returns the connections of one pod's proxy, one for each istiod that reports
// it; none if no istiod that answered serves it.
func (w World) Connections(namespace, pod string) []Proxy {
	i, _ := slices.BinarySearchFunc(w.Proxies, [2]string{namespace, pod}, func(p Proxy, key [2]string) int {
		return cmp.Or(cmp.Compare(p.Namespace, key[0]), cmp.Compare(p.Pod, key[1]))
	})
	end := i
	for end < len(w.Proxies) && w.Proxies[end].Namespace == namespace && w.Proxies[end].Pod == pod {
		end++
	}
	return w.Proxies[i:end]
}

// find returns the first match, or the zero value and false.
func find[T any](list []T, match func(T) bool) (T, bool) {
	if i := slices.IndexFunc(list, match); i >= 0 {
		return list[i], true
	}
	var zero T
	return zero, false
}
