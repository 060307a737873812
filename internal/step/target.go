// SPDX-License-Identifier: Apache-2.0

package step

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

// Target is where the mesh should end up. A rollback is a Target too: the baseline.
type Target struct {
	Run      string // the run's name, written into restart annotations
	Revision string // the revision that may have to be installed; "" installs nothing
	Input    string // digest of what it is installed from, "" if the plan does not install it
	Rendered string // digest of the manifest rendered from it, "" if none was rendered
	Version  string // its Istio version, "" when only the cluster knows it

	Bindings          map[string]mesh.Binding     // namespace -> its labels; none for one whose workloads bind themselves
	Revisions         map[string]string           // namespace -> the revision of its sidecars
	WorkloadRevisions map[mesh.WorkloadRef]string // workloads bound by their own labels -> the revision of their sidecars
	TemplateLabels    map[mesh.WorkloadRef]string // such workloads -> the template's label istio.io/rev, or NoLabel
	RenderedInputs    map[mesh.WorkloadRef]string // gateways that istioctl installed -> RenderedInput of their templates
	GatewayLabels     map[mesh.WorkloadRef]string // gateways that istiod deploys -> the Gateway's own label at the end, or NoLabel
	Tags              map[string]string           // tag -> the revision it names: after the waves; on rollback, before them
	FinalBindings     map[string]mesh.Binding     // namespace -> the labels that are restored once its tag has moved

	Waves        []Wave            // in the order in which they are moved
	Soak         time.Duration     // 0: no wave soaks
	ParkMax      time.Duration     // how long a parked gateway waits for its connections to end
	Rollback     bool              // towards the baseline: what was never moved is not verified
	OnlyWave     int               // on rollback: the one wave that is rolled back; 0 for all
	Policy       Policy            // how workloads are moved
	Remove       []string          // revisions that are removed at the end
	Versions     map[string]string // on rollback: revision -> its Istio version when the run began
	Baseline     Baseline          // the mesh when the run began
	Excluded     []string          // namespaces that are left out by name
	From         string            // the revision from which the upgrade was begun without this run; "" for none
	LeftRevision string            // on rollback: the revision that is left
}

// RevisionOf returns the revision that a workload's sidecars should be injected by, ""
// when the target does not include the workload.
func (t Target) RevisionOf(wl mesh.Workload) string {
	return cmp.Or(t.WorkloadRevisions[wl.Ref()], t.Revisions[wl.Namespace])
}

// VersionOf returns the Istio version of a revision, also of one that is still to be
// installed or restored, "" where it is not known.
func (t Target) VersionOf(w mesh.World, revision string) string {
	version := t.Versions[revision]
	if revision == t.Revision {
		version = cmp.Or(version, t.Version)
	}
	found, _ := w.Revision(revision)
	return cmp.Or(version, found.Version)
}

// Wave is a set of namespaces that are moved together, with its number from 1. In place of a
// namespace it may have one workload, by its reference: a gateway that istioctl installed, in
// a namespace that is not moved.
type Wave struct {
	Number     int      `json:"wave"`
	Namespaces []string `json:"namespaces"`
}

// SplitWaves returns the namespaces of waves, and the gateways in them that have no namespace
// there, in their order.
func SplitWaves(waves [][]string) (namespaces, gateways []string) {
	for _, name := range slices.Concat(waves...) {
		if _, err := mesh.ParseWorkloadRef(name); err == nil {
			gateways = append(gateways, name)
		} else {
			namespaces = append(namespaces, name)
		}
	}
	return namespaces, gateways
}

// ControlPlanes returns the revisions that must be validated before anything is moved
// to them, sorted.
func (t Target) ControlPlanes() []string {
	if !t.Rollback {
		return []string{t.Revision}
	}
	var names []string
	for _, wave := range t.Waves {
		for _, ns := range wave.Namespaces {
			names = append(names, t.Revisions[ns]) // "" for a gateway
		}
	}
	names = SortedUnique(append(names, slices.Collect(maps.Values(t.WorkloadRevisions))...))
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// Namespaces returns the namespaces of all waves, sorted.
func (t Target) Namespaces() []string {
	namespaces, _ := SplitWaves(t.waves())
	return SortedUnique(namespaces)
}

// Gateways returns the gateways of all waves that are in place of a namespace, sorted.
func (t Target) Gateways() []string {
	_, gateways := SplitWaves(t.waves())
	return SortedUnique(gateways)
}

func (t Target) waves() [][]string {
	var list [][]string
	for _, wave := range t.Waves {
		list = append(list, wave.Namespaces)
	}
	return list
}

// ExistingNamespaces returns those of Namespaces that have not been deleted.
func (t Target) ExistingNamespaces(w mesh.World) []string {
	return slices.DeleteFunc(t.Namespaces(), func(name string) bool {
		_, exists := w.Namespace(name)
		return !exists
	})
}
