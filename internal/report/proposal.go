// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/parity"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// Proposal is a plan with what is needed to approve it.
type Proposal struct {
	Run       string      // name of the MeshUpgrade
	Plan      plan.Plan   // what is left to do
	World     mesh.World  // the observation that it was planned on
	Installer *Installer  // nil when nothing is installed
	Intent    step.Intent // limits and times, with defaults
	Resumed   bool        // the run had begun before
	Changed   []string    // differences from the settings on record
	Replaces  string      // earlier run whose record is replaced; "" none
	Later     []string    // of a rollback: runs that came after this one
	Lost      []string    // settings that the new control plane loses, which an approval accepts

	Hops          []mesh.Hop   // from gateways; read where the run moves pods, or has moved some
	Gaps          []parity.Gap // hops whose proxy versions differ meanwhile
	UnknownRoutes []string     // kinds of routes that may not be listed
}

// Installer is what a control plane is installed with.
type Installer struct {
	By      string   `json:"by"`              // a program and its version, Helm, or another tool
	From    string   `json:"from,omitempty"`  // the file, or the chart
	Await   bool     `json:"await,omitempty"` // another tool installs it, and the run waits
	LeftOut []Remark `json:"leftOut,omitempty"`
	Created []Remark `json:"created,omitempty"` // objects outside of the control plane
	InPlace []Remark `json:"inPlace,omitempty"`
	Notes   []string `json:"notes,omitempty"`

	InheritedFrom string   `json:"inheritedFrom,omitempty"` // where the values of the old revision were found
	Inherited     []string `json:"inherited,omitempty"`     // "path=value" each
}

// Remark is one object of a rendered manifest, and why it is left out or replaced.
type Remark struct {
	Subject string `json:"subject"`
	Reason  string `json:"reason,omitempty"`
}

// proposalObject is a Proposal in JSON.
type proposalObject struct {
	Kind              string                      `json:"kind"` // "plan"
	Run               string                      `json:"run"`
	Revision          string                      `json:"revision,omitempty"`
	Version           string                      `json:"version,omitempty"`
	Back              bool                        `json:"rollback,omitempty"`
	Resumed           bool                        `json:"resumed,omitempty"`
	Changed           []string                    `json:"changed,omitempty"`
	Replaces          string                      `json:"replaces,omitempty"`
	Later             []string                    `json:"later,omitempty"`
	Digest            string                      `json:"digest"`
	Changes           int                         `json:"writes"`
	Waves             []step.Wave                 `json:"waves"`
	Parallel          int                         `json:"maxParallel"`
	Ready             string                      `json:"readyTimeout"`
	Soak              string                      `json:"soak"`
	RollbackOnFailure bool                        `json:"rollbackOnFailure"`
	Installer         *Installer                  `json:"installer,omitempty"`
	Stages            []step.Stage                `json:"stages"`
	Notes             []step.Note                 `json:"notes"`
	Decisions         []strategy.WorkloadDecision `json:"decisions"`
	Gaps              []parity.Gap                `json:"versionGaps,omitempty"`
	UnknownRoutes     []string                    `json:"unknownRoutes,omitempty"`
}

// Object returns the proposal for -o json.
func (p Proposal) Object() any {
	t := p.Plan.Target
	return proposalObject{
		Kind: "plan", Run: p.Run, Revision: t.Revision, Version: t.Version, Back: t.Rollback,
		Resumed: p.Resumed, Changed: p.Changed, Replaces: p.Replaces, Later: p.Later,
		Digest: p.Plan.Digest, Changes: len(step.Writes(p.Plan.Stages)), Waves: orEmpty(t.Waves),
		Parallel: p.Intent.Parallel, Ready: p.Intent.ReadyTimeout.String(), Soak: t.Soak.String(),
		RollbackOnFailure: p.Intent.RollbackOnFailure, Installer: p.Installer,
		Stages: orEmpty(p.Plan.Stages), Notes: orEmpty(p.Plan.Notes), Decisions: orEmpty(p.Plan.Decisions),
		Gaps: p.Gaps, UnknownRoutes: p.UnknownRoutes,
	}
}

// orEmpty returns a list that is not nil, for JSON.
func orEmpty[T any](list []T) []T { return append([]T{}, list...) }
