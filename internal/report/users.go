// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// left says what becomes of the control plane that a way back leaves: it is unused
// only where no proxy is connected to it but those that go back.
func (p Proposal) left() string {
	if n := len(users(p.World, p.Plan.Target, p.Intent.Revision)); n > 0 {
		return fmt.Sprintf("The control plane of revision %s stays installed, and in use: %s connected to it %s not taken back.", p.Intent.Revision, format.Count(n, "proxy"), format.Are(n))
	}
	return fmt.Sprintf("The control plane of revision %s stays installed and unused.", p.Intent.Revision)
}

// users are the pods whose proxies are connected to a revision, and that a target
// leaves there.
func users(w mesh.World, t step.Target, revision string) []string {
	var pods []string
	for _, x := range w.Proxies {
		if x.Revision == revision && !leaves(w, t, x, revision) && !slices.Contains(pods, x.Namespace+"/"+x.Pod) {
			pods = append(pods, x.Namespace+"/"+x.Pod)
		}
	}
	return pods
}

// leaves reports whether a proxy goes from a revision by the target, or by itself: its
// pod is ending, or is one that a run tries. Of a proxy without a known pod, such as a
// VM's, nobody says that it goes.
func leaves(w mesh.World, t step.Target, x mesh.Proxy, revision string) bool {
	for _, wl := range w.In(x.Namespace) {
		i := slices.IndexFunc(wl.Pods, func(p mesh.Pod) bool { return p.Name == x.Pod })
		if i < 0 {
			continue
		}
		goes := t.RevisionOf(wl) != "" && t.RevisionOf(wl) != revision && !wl.Gateway && strategy.Decide(t.Policy, wl).Moves()
		return goes || wl.Pods[i].Terminating || wl.Pods[i].Swap.Place == mesh.Parked
	}
	return slices.ContainsFunc(w.Trials, func(tr mesh.Trial) bool { return tr.Namespace == x.Namespace && tr.Pod.Name == x.Pod })
}
