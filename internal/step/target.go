// SPDX-License-Identifier: Apache-2.0

package step

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

// Target is where the mesh should end up. A baseline is just another target.
type Target struct {
	Run               string                  // whose stamp a restart bears
	Revision          string                  // the revision that may have to be installed; "" installs nothing
	Version           string                  // its Istio version, "" when only the cluster knows it
	Bindings          map[string]mesh.Binding // namespace -> the labels that it should bear; none for one that is bound by its pods' own labels
	Revisions         map[string]string       // namespace -> the revision that its sidecars should run
	WorkloadRevisions map[string]string       // key of a workload that its own labels bind -> the revision that its sidecars should run
	TemplateLabels    map[string]string       // key of such a workload -> the label istio.io/rev of its template, "-" for none
	Tags              map[string]string       // tag -> the revision that it should name, before the waves on the way back, after them on the way forth
	FinalBindings     map[string]mesh.Binding // namespace -> the labels that it gets back once its tag was moved
	Waves             []Wave                  // in the order in which they are moved
	Soak              time.Duration           // 0: no wave soaks
	Rollback          bool                    // towards the baseline: what was never moved needs no proof
	Policy            Policy                  // how workloads are moved
	Remove            []string                // revisions that are taken away at the end
	Versions          map[string]string       // revision -> its Istio version when the run began; on the way back
	Baseline          Baseline                // the mesh as it was found
	From              string                  // the revision from which other hands began the upgrade, "" none
	LeftRevision      string                  // on the way back: the revision that is left
}

// RevisionOf is the revision that a workload's sidecars should run, "" when the target
// says nothing of it.
func (t Target) RevisionOf(wl mesh.Workload) string {
	return cmp.Or(t.WorkloadRevisions[wl.Key()], t.Revisions[wl.Namespace])
}

// Wave is the namespaces of one wave, under the number that people know it by.
type Wave struct {
	Number     int      `json:"wave"`
	Namespaces []string `json:"namespaces"`
}

// ControlPlanes returns the revisions that must be good before anything is moved
// to them.
func (t Target) ControlPlanes() []string {
	if !t.Rollback {
		return []string{t.Revision}
	}
	var names []string
	for _, g := range t.Waves {
		for _, ns := range g.Namespaces {
			names = append(names, t.Revisions[ns])
		}
	}
	names = SortedUnique(append(names, slices.Collect(maps.Values(t.WorkloadRevisions))...))
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// Namespaces are those that are moved, sorted.
func (t Target) Namespaces() []string {
	var list []string
	for _, g := range t.Waves {
		list = append(list, g.Namespaces...)
	}
	return SortedUnique(list)
}

// ExistingNamespaces are those of them that are there: one that was deleted meanwhile has
// nothing to move, and nothing is to be found in it.
func (t Target) ExistingNamespaces(w mesh.World) []string {
	return slices.DeleteFunc(t.Namespaces(), func(name string) bool {
		_, there := w.Namespace(name)
		return !there
	})
}
