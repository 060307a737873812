// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

// Target is where the mesh should end up. A baseline is just another target.
type Target struct {
	Run       string                  // whose stamp a restart bears
	Revision  string                  // the revision that may have to be installed; "" installs nothing
	Version   string                  // its Istio version, "" when only the cluster knows it
	Bindings  map[string]mesh.Binding // namespace -> the labels that it should bear
	Revisions map[string]string       // namespace -> the revision that its sidecars should run
	Waves     []Group                 // in the order in which they are moved
	Soak      time.Duration           // 0: no wave soaks
	Back      bool                    // towards the baseline: what was never moved needs no proof
	Policy    Policy                  // how workloads are moved
	Remove    []string                // revisions that are taken away at the end
	Versions  map[string]string       // revision -> its Istio version when the run began; on the way back
}

// Want is the revision that a workload's sidecars should run, "" when the target
// says nothing of it.
func (t Target) Want(wl mesh.Workload) string { return t.Revisions[wl.Namespace] }

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
			if r := t.Revisions[ns]; r != "" && !slices.Contains(names, r) {
				names = append(names, r)
			}
		}
	}
	slices.Sort(names)
	return names
}

// Aim returns the target that a run has now: forward, back to the baseline, or
// back with the one wave that failed.
func Aim(w mesh.World, in Intent, l Ledger) (Target, error) {
	switch {
	case in.Rollback:
		return Backward(in, l, 0), nil
	case l.Revert > 0:
		return Backward(in, l, l.Revert), nil
	}
	t, err := Forward(w, in, l.Waves)
	if err == nil {
		t.Remove = leaving(w, in, l, t)
	}
	return t, err
}
