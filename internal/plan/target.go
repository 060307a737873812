// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

// Target is where the mesh should end up. A baseline is just another target.
type Target struct {
	Run       string                  // whose stamp a restart bears
	Revision  string                  // the revision that may have to be installed; "" installs nothing
	Version   string                  // its Istio version, "" when only the cluster knows it
	Bindings  map[string]mesh.Binding // namespace -> the labels that it should bear; none for one that is bound by its pods' own labels
	Revisions map[string]string       // namespace -> the revision that its sidecars should run
	Works     map[string]string       // key of a workload that its own labels bind -> the revision that its sidecars should run
	Pins      map[string]string       // key of such a workload -> the label istio.io/rev of its template, "-" for none
	Tags      map[string]string       // tag -> the revision that it should name, before the waves on the way back, after them on the way forth
	Final     map[string]mesh.Binding // namespace -> the labels that it gets back once its tag was moved
	Waves     []Group                 // in the order in which they are moved
	Soak      time.Duration           // 0: no wave soaks
	Back      bool                    // towards the baseline: what was never moved needs no proof
	Policy    Policy                  // how workloads are moved
	Remove    []string                // revisions that are taken away at the end
	Versions  map[string]string       // revision -> its Istio version when the run began; on the way back
	Found     Baseline                // the mesh as it was found
	From      string                  // the revision from which other hands began the upgrade, "" none
	Away      string                  // on the way back: the revision that is left
}

// Want is the revision that a workload's sidecars should run, "" when the target
// says nothing of it.
func (t Target) Want(wl mesh.Workload) string {
	return cmp.Or(t.Works[wl.Key()], t.Revisions[wl.Namespace])
}

// Group is the namespaces of one wave, under the number that people know it by.
type Group struct {
	Wave       int      `json:"wave"`
	Namespaces []string `json:"namespaces"`
}

// ControlPlanes returns the revisions that must be good before anything is moved
// to them.
func (t Target) ControlPlanes() []string {
	if !t.Back {
		return []string{t.Revision}
	}
	var names []string
	for _, g := range t.Waves {
		for _, ns := range g.Namespaces {
			names = append(names, t.Revisions[ns])
		}
	}
	names = sorted(append(names, slices.Collect(maps.Values(t.Works))...))
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// Namespaces are those that are moved, sorted.
func (t Target) Namespaces() []string {
	var list []string
	for _, g := range t.Waves {
		list = append(list, g.Namespaces...)
	}
	return sorted(list)
}

// Present are those of them that are there: one that was deleted meanwhile has
// nothing to move, and nothing is to be found in it.
func (t Target) Present(w mesh.World) []string {
	return slices.DeleteFunc(t.Namespaces(), func(name string) bool {
		_, there := w.Namespace(name)
		return !there
	})
}

// Aim returns the target that a run has now: forward, back to the baseline, or
// back with the one wave that failed. Only the way forward can fail, as Forward
// does: of a run that begins, no mesh, a revision that is missing and that nothing
// brings up, and a selection, waves or a rule that cannot be followed: the request,
// or the mesh, has to be changed then. Of one that was begun, Gone.
func Aim(w mesh.World, in Intent, l Ledger) (Target, error) {
	switch {
	case in.Rollback:
		return Backward(in, l, 0), nil
	case l.Revert > 0:
		return Backward(in, l, l.Revert), nil
	}
	t, err := Forward(w, in, l)
	if err == nil || l.Waves != nil {
		t.Remove = leaving(w, in, l, t)
	}
	return t, err
}
