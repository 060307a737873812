// SPDX-License-Identifier: Apache-2.0

package step

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

// Strategy is how a workload comes to another revision.
type Strategy string

// The strategies.
const (
	ByRestart  Strategy = "restart"      // rolling restart: a restart annotation changes the template
	ByEviction Strategy = "evict"        // pods are evicted one at a time; PodDisruptionBudgets are respected
	BySwap     Strategy = "swap"         // pods are replaced one by one, without a rollout
	ByHold     Strategy = "held-rollout" // its template changes, and its old pods stay until the new ones are verified
	ByField    Strategy = "field"        // the time is written into a field, such as an Argo Rollout's spec.restartAt
	Automatic  Strategy = "automatic"    // nothing to do: the next pods are injected by the new revision
	Leave      Strategy = "leave"        // exemption: it stays, by its nature or by a rule
	Blocked    Strategy = "blocked"      // blocker: it cannot be moved as it is, and keeps the old revision in use
)

// Decision is how one workload is moved, and why.
type Decision struct {
	Strategy Strategy `json:"strategy"`
	Reason   string   `json:"reason"`           // one line
	Remedy   string   `json:"remedy,omitempty"` // for what is not moved: what would change that, and when
	Field    string   `json:"field,omitempty"`  // for ByField: the path of the field that is written
}

// Moves reports whether the run moves the workload.
func (d Decision) Moves() bool {
	return slices.Contains([]Strategy{ByRestart, ByEviction, BySwap, ByHold, ByField}, d.Strategy)
}

// ParksPods reports whether the workload's old pods are detached and parked before they
// are deleted.
func (s Strategy) ParksPods() bool { return s == BySwap || s == ByHold }

// Rule is the user's choice for some workloads. Of several rules that match a workload
// the last one counts.
type Rule struct {
	Kind      mesh.Kind // "" any
	Namespace string    // "" any
	Name      string    // "" any
	Strategy  Strategy  // "" leaves the choice to the policy
	Field     string    // for ByField
	Trial     TrialMode // "" leaves it to the policy
}

// Matches reports whether the rule applies to a workload.
func (r Rule) Matches(wl mesh.Workload) bool {
	return (r.Kind == "" || r.Kind == wl.Kind) && (r.Namespace == "" || r.Namespace == wl.Namespace) &&
		(r.Name == "" || r.Name == wl.Name)
}

// Names reports whether the rule moves a workload, and names it rather than a pattern.
func (r Rule) Names(wl mesh.Workload) bool {
	return r.Kind != "" && r.Namespace != "" && r.Name != "" && r.Matches(wl) && r.Strategy != "" && r.Strategy != Leave
}

// String writes a rule as --workload takes it.
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

// TrialMode says whether a trial pod of a workload runs before its namespace is
// relabelled.
type TrialMode string

// The trial modes.
const (
	NoTrial      TrialMode = "none"
	InService    TrialMode = "in-service"     // it serves beside the workload's own pods for a while
	OutOfService TrialMode = "out-of-service" // its readiness gate stays false: it is no Service's endpoint
)

// Policy is the choice of strategies and trials for the mesh, with exceptions.
type Policy struct {
	Strategy Strategy  // ByRestart or BySwap; "" means ByRestart
	Trial    TrialMode // "" means NoTrial
	Rules    []Rule
	Gateways GatewayMode

	// UnmovableGateways is why gateways that istiod deploys cannot be moved, "" when they can.
	UnmovableGateways string

	// RendersGateways: the run has an IstioOperator file, from which istioctl renders the
	// templates of the gateways that it installed.
	RendersGateways bool

	// RenderedGateways are those of them that the run moves.
	RenderedGateways map[mesh.WorkloadRef]string

	// TemplateLabels are the labels that the target sets in workloads' templates.
	TemplateLabels map[mesh.WorkloadRef]string

	// LabelsWritten are those of them that differ from the baseline's.
	LabelsWritten map[mesh.WorkloadRef]string

	// Run and Unannotated are set on rollback: the run, and the workloads that it moved
	// without a restart annotation. What a run moved is rolled back whatever a later
	// rule says.
	Run         string
	Unannotated map[mesh.WorkloadRef]bool
}

// MovesGateways reports whether gateways are moved at all.
func (p Policy) MovesGateways() bool { return p.Gateways != "" && p.Gateways != LeaveGateways }

// LabelsTemplate reports whether the label istio.io/rev in a workload's own template
// decides its revision, so that moving it takes a new template.
func (p Policy) LabelsTemplate(wl mesh.Workload) bool {
	_, own := p.TemplateLabels[wl.Ref()]
	return own
}

// NeedsTemplate reports whether a workload comes to another revision by another template
// alone: its own label decides, or the template is rendered for one revision.
func (p Policy) NeedsTemplate(wl mesh.Workload) bool { return p.LabelsTemplate(wl) || wl.Prerendered() }

// Includes reports whether a run may move a workload. Of gateways, those that the webhooks
// inject or that istiod deploys are moved, if any are; one that istioctl installed only if a
// rule names it. On rollback that is one that the run was to move.
func (p Policy) Includes(wl mesh.Workload) bool {
	switch _, moved := p.RenderedGateways[wl.Ref()]; {
	case !wl.Gateway:
		return true
	case wl.GatewayMake() != mesh.RenderedGateway:
		return p.MovesGateways()
	case p.Run != "":
		return moved
	}
	return p.MovesGateways() && p.RuleFor(wl).Names(wl)
}

// SwapsSidecars reports whether the policy may swap workloads that are no gateways, or hold
// their rollouts.
func (p Policy) SwapsSidecars() bool {
	return p.Strategy == BySwap || slices.ContainsFunc(p.Rules, func(r Rule) bool { return r.Strategy.ParksPods() })
}

// RuleFor returns the last rule that matches a workload, the zero Rule for none. A
// rule that leaves a workload which the run has moved does not count on rollback.
func (p Policy) RuleFor(wl mesh.Workload) Rule {
	var last Rule
	for _, r := range p.Rules {
		if r.Matches(wl) && (r.Strategy != Leave || !p.Started(wl)) {
			last = r
		}
	}
	return last
}

// DefaultParkMax is how long a parked gateway waits for its connections to end, unless
// the intent says otherwise.
const DefaultParkMax = time.Hour

// Started reports whether the run that rolls back has begun to move a workload.
func (p Policy) Started(wl mesh.Workload) bool {
	return p.Run != "" && (wl.RestartAnnotation.Run == p.Run || p.Unannotated[wl.Ref()])
}

// TrialOf returns the trial mode of a workload. A gateway gets a trial out of service
// unless the user says otherwise: its next pod serves as soon as it is ready.
func (p Policy) TrialOf(wl mesh.Workload) TrialMode {
	otherwise := NoTrial
	if wl.Gateway {
		otherwise = OutOfService
	}
	return cmp.Or(p.RuleFor(wl).Trial, p.Trial, otherwise)
}
