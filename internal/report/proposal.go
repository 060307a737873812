// SPDX-License-Identifier: Apache-2.0

package report

import (
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// Proposal is what is shown before somebody agrees: the plan and what it runs
// with.
type Proposal struct {
	Run       string      // the MeshUpgrade's name
	Plan      plan.Plan   // what is left
	World     mesh.World  // what it was planned on
	Installer *Installer  // nil when nothing is installed
	Intent    step.Intent // limits and times, with their defaults filled in
	Resumed   bool        // a run that was begun goes on
	Changed   []string    // what it goes on with otherwise than it is on record
	Replaces  string      // the earlier run whose record it takes, "" none
	Later     []string    // runs that have moved on since what goes back
}

// Installer is what a control plane is installed with.
type Installer struct {
	By      string   `json:"by"`              // a program and its version, Helm, or "another tool"
	From    string   `json:"from,omitempty"`  // the file, or the chart
	Await   bool     `json:"await,omitempty"` // another tool installs it
	LeftOut []Remark `json:"leftOut,omitempty"`
	InPlace []Remark `json:"inPlace,omitempty"`
	Notes   []string `json:"notes,omitempty"`

	InheritedFrom string   `json:"carriedFrom,omitempty"` // where the old revision's values were found
	Inherited     []string `json:"carried,omitempty"`     // a path and its value each
}

// Remark is one thing of a rendered manifest, and why it is treated so.
type Remark struct {
	Subject string `json:"subject"`
	Why     string `json:"why,omitempty"`
}

// writes counts what the plan writes, by kind.
func (p Proposal) writes() map[step.Kind]int {
	n := map[step.Kind]int{}
	for _, s := range step.Writes(p.Plan.Stages) {
		n[s.Kind]++
	}
	return n
}

// proposed is a Proposal in JSON.
type proposed struct {
	Kind      string                      `json:"kind"` // "plan"
	Run       string                      `json:"run"`
	Revision  string                      `json:"revision,omitempty"`
	Version   string                      `json:"version,omitempty"`
	Back      bool                        `json:"back,omitempty"`
	Resumed   bool                        `json:"resumed,omitempty"`
	Changed   []string                    `json:"changed,omitempty"`
	Replaces  string                      `json:"replaces,omitempty"`
	Later     []string                    `json:"later,omitempty"`
	Digest    string                      `json:"digest"`
	Writes    int                         `json:"writes"`
	Waves     []step.Wave                 `json:"waves"`
	Parallel  int                         `json:"maxParallel"`
	Ready     string                      `json:"readyTimeout"`
	Soak      string                      `json:"soak"`
	PutBack   bool                        `json:"rollbackOnFailure"`
	Installer *Installer                  `json:"installer,omitempty"`
	Stages    []step.Stage                `json:"stages"`
	Notes     []step.Note                 `json:"notes"`
	Ways      []strategy.WorkloadDecision `json:"ways"`
}

// Object is the proposal for programs.
func (p Proposal) Object() any {
	t := p.Plan.Target
	return proposed{Kind: "plan", Run: p.Run, Revision: t.Revision, Version: t.Version, Back: t.Rollback, Resumed: p.Resumed, Changed: p.Changed, Replaces: p.Replaces, Later: p.Later,
		Digest: p.Plan.Digest, Writes: len(step.Writes(p.Plan.Stages)), Waves: orEmpty(t.Waves),
		Parallel: p.Intent.Parallel, Ready: duration(p.Intent.ReadyTimeout), Soak: duration(t.Soak),
		PutBack: p.Intent.RollbackOnFailure, Installer: p.Installer,
		Stages: orEmpty(p.Plan.Stages), Notes: orEmpty(p.Plan.Notes), Ways: orEmpty(p.Plan.Decisions)}
}

func orEmpty[T any](list []T) []T { return append([]T{}, list...) }

func duration(d time.Duration) string { return d.String() }
