// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

// Way is how a workload comes to another revision.
type Way string

const (
	ByRestart  Way = "restart" // a stamp in its template: its controller rolls it
	ByEviction Way = "evict"   // its pods are evicted one after the other; disruption budgets are honoured
	BySwap     Way = "swap"    // pod by pod, without a rollout
	ByField    Way = "field"   // a time is written into a field of its own, such as an Argo Rollout's spec.restartAt
	ByItself   Way = "itself"  // nothing has to be done: its next pods are injected anew
	Leave      Way = "leave"   // it stays as it is, by its nature or by the user's word: an exemption
	Stuck      Way = "none"    // nobody knows how to move it as it is: a blocker, which keeps what it uses from being removed
)

// Passage is how one workload is moved, why so, and what it would need where it
// is not.
type Passage struct {
	Way    Way    `json:"way"`
	Why    string `json:"why"`              // one line
	Clears string `json:"clears,omitempty"` // what would clear it, and when; for what is not moved
	Field  string `json:"field,omitempty"`  // for ByField: the path of the field that is written
}

// Moves reports whether the run moves the workload.
func (p Passage) Moves() bool {
	return p.Way == ByRestart || p.Way == ByEviction || p.Way == BySwap || p.Way == ByField
}

// Rule is what the user says of some workloads. Of several that match the last
// one counts.
type Rule struct {
	Kind      mesh.Kind // "" any
	Namespace string    // "" any
	Name      string    // "" any
	Way       Way       // "" leaves the choice to the policy
	Field     string    // for ByField
	Trial     TrialMode // "" leaves it to the policy
}

// TrialMode says whether a pod of the real workload is tried before its
// namespace is relabelled.
type TrialMode string

const (
	NoTrial  TrialMode = "none"
	InSight  TrialMode = "in-service"     // among those that serve
	OutSight TrialMode = "out-of-service" // its readiness gate stays shut: no Service leads to it
)

// Policy is the mesh's choice of ways, and the exceptions from it.
type Policy struct {
	Way   Way       // ByRestart or BySwap; "" means ByRestart
	Trial TrialMode // "" means NoTrial
	Rules []Rule

	// Pinned are the keys of the workloads that the target pins in their templates.
	Pinned map[string]string

	// Written are the labels that the run writes into templates on the way forth, by
	// the keys of their workloads: of those that had another one when it began.
	Written map[string]string

	// On the way back: the run, and the keys of those workloads that it has begun to
	// move and that bear no stamp of it. They go back, whatever a later rule says.
	Run   string
	Begun map[string]bool
}

// Swaps reports whether it may have a workload moved pod by pod.
func (p Policy) Swaps() bool {
	return p.Way == BySwap || slices.ContainsFunc(p.Rules, func(r Rule) bool { return r.Way == BySwap })
}

// rule is the last rule that speaks of a workload. What a run has moved itself,
// before a rule came to leave it, is not left behind on the way back.
func (p Policy) rule(wl mesh.Workload) Rule {
	var last Rule
	for _, r := range p.Rules {
		if r.speaks(wl) && (r.Way != Leave || !p.begun(wl)) {
			last = r
		}
	}
	return last
}

// speaks reports whether a rule is one for a workload.
func (r Rule) speaks(wl mesh.Workload) bool {
	return (r.Kind == "" || r.Kind == wl.Kind) && (r.Namespace == "" || r.Namespace == wl.Namespace) && (r.Name == "" || r.Name == wl.Name)
}

// begun reports whether the run that goes back has begun to move a workload.
func (p Policy) begun(wl mesh.Workload) bool {
	return p.Run != "" && (wl.Stamp.Run == p.Run || p.Begun[wl.Key()])
}

// TrialOf says whether one pod of a workload is tried first.
func (p Policy) TrialOf(wl mesh.Workload) TrialMode {
	return cmp.Or(p.rule(wl).Trial, p.Trial, NoTrial)
}
