// SPDX-License-Identifier: Apache-2.0

package step

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

// Strategy is how a workload comes to another revision.
type Strategy string

const (
	ByRestart  Strategy = "restart" // a stamp in its template: its controller rolls it
	ByEviction Strategy = "evict"   // its pods are evicted one after the other; disruption budgets are honoured
	BySwap     Strategy = "swap"    // pod by pod, without a rollout
	ByField    Strategy = "field"   // a time is written into a field of its own, such as an Argo Rollout's spec.restartAt
	Automatic  Strategy = "itself"  // nothing has to be done: its next pods are injected anew
	Leave      Strategy = "leave"   // it stays as it is, by its nature or by the user's word: an exemption
	Blocked    Strategy = "none"    // nobody knows how to move it as it is: a blocker, which keeps what it uses from being removed
)

// Decision is how one workload is moved, why so, and what it would need where it
// is not.
type Decision struct {
	Strategy Strategy `json:"way"`
	Reason   string   `json:"why"`              // one line
	Remedy   string   `json:"clears,omitempty"` // what would clear it, and when; for what is not moved
	Field    string   `json:"field,omitempty"`  // for ByField: the path of the field that is written
}

// Moves reports whether the run moves the workload.
func (p Decision) Moves() bool {
	return p.Strategy == ByRestart || p.Strategy == ByEviction || p.Strategy == BySwap || p.Strategy == ByField
}

// Rule is what the user says of some workloads. Of several that match the last
// one counts.
type Rule struct {
	Kind      mesh.Kind // "" any
	Namespace string    // "" any
	Name      string    // "" any
	Strategy  Strategy  // "" leaves the choice to the policy
	Field     string    // for ByField
	Trial     TrialMode // "" leaves it to the policy
}

// TrialMode says whether a pod of the real workload is tried before its
// namespace is relabelled.
type TrialMode string

const (
	NoTrial      TrialMode = "none"
	InService    TrialMode = "in-service"     // among those that serve
	OutOfService TrialMode = "out-of-service" // its readiness gate stays shut: no Service leads to it
)

// Policy is the mesh's choice of ways, and the exceptions from it.
type Policy struct {
	Strategy Strategy  // ByRestart or BySwap; "" means ByRestart
	Trial    TrialMode // "" means NoTrial
	Rules    []Rule

	// Pinned are the keys of the workloads that the target pins in their templates.
	TemplateLabels map[string]string

	// Written are the labels that the run writes into templates on the way forth, by
	// the keys of their workloads: of those that had another one when it began.
	LabelsWritten map[string]string

	// On the way back: the run, and the keys of those workloads that it has begun to
	// move and that bear no stamp of it. They go back, whatever a later rule says.
	Run         string
	Unannotated map[string]bool
}

// MaySwap reports whether it may have a workload moved pod by pod.
func (p Policy) MaySwap() bool {
	return p.Strategy == BySwap || slices.ContainsFunc(p.Rules, func(r Rule) bool { return r.Strategy == BySwap })
}

// RuleFor is the last rule that speaks of a workload. What a run has moved itself,
// before a rule came to leave it, is not left behind on the way back.
func (p Policy) RuleFor(wl mesh.Workload) Rule {
	var last Rule
	for _, r := range p.Rules {
		if r.Matches(wl) && (r.Strategy != Leave || !p.Started(wl)) {
			last = r
		}
	}
	return last
}

// Matches reports whether a rule is one for a workload.
func (r Rule) Matches(wl mesh.Workload) bool {
	return (r.Kind == "" || r.Kind == wl.Kind) && (r.Namespace == "" || r.Namespace == wl.Namespace) && (r.Name == "" || r.Name == wl.Name)
}

// Started reports whether the run that goes back has begun to move a workload.
func (p Policy) Started(wl mesh.Workload) bool {
	return p.Run != "" && (wl.RestartAnnotation.Run == p.Run || p.Unannotated[wl.Key()])
}

// TrialOf says whether one pod of a workload is tried first.
func (p Policy) TrialOf(wl mesh.Workload) TrialMode {
	return cmp.Or(p.RuleFor(wl).Trial, p.Trial, NoTrial)
}

// String writes a rule as the user does.
func (r Rule) String() string {
	text := fmt.Sprintf("%s %s/%s", cmp.Or(string(r.Kind), "*"), cmp.Or(r.Namespace, "*"), cmp.Or(r.Name, "*"))
	if r.Strategy != "" {
		text += "=" + string(r.Strategy)
	}
	if r.Field != "" {
		text += ":" + r.Field
	}
	return text
}
