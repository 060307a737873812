// SPDX-License-Identifier: Apache-2.0

// Package run is the wiring that every host of the engine shares: it finds a run
// on record or begins one, proposes its plan, writes down what was approved, and
// makes an engine with its ports of it.
package run

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster"
	"github.com/rerig/rerig/internal/cluster/record"
	"github.com/rerig/rerig/internal/cluster/rendered"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/install"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report"
	"github.com/rerig/rerig/internal/run/spec"
	"github.com/rerig/rerig/internal/step"
)

// Run is one MeshUpgrade and its ledger.
type Run struct {
	v1alpha1.MeshUpgrade // as a command asks for it

	Intent step.Intent
	Ledger step.Ledger

	Fresh    bool          // no plan of it was approved yet, or it starts from the beginning
	Unstated []string      // recorded fields that a file does not state, and that stay
	Changes  []spec.Change // what a command asks for differently from the record

	files     LocalFiles                             // of the command
	needs     []install.Permission                   // permissions that its installer needs
	found     *v1alpha1.MeshUpgrade                  // as recorded; nil if it is not
	replaces  string                                 // the rolled-back run whose record this one takes
	later     []string                               // during rollback: runs that moved its namespaces later
	installer bool                                   // another installer than the recorded one is asked for
	scope     cluster.Scope                          // what is read besides the mesh, for this run
	drafted   cluster.Installer                      // of the last draft; nil if nothing is to be installed
	templates map[mesh.WorkloadRef]rendered.Template // that istioctl rendered for gateways, in this process

	extended bool // namespaces joined it, or its baseline is read differently; not recorded yet
}

// LocalFiles are the files on this machine that a command names. A record has none of them.
type LocalFiles struct {
	Source   string // where the IstioOperator comes from, for people
	Istioctl string // path of the istioctl that installs; "" for the one in PATH
}

// fromRecord reads a recorded run.
func fromRecord(u v1alpha1.MeshUpgrade) (*Run, error) {
	r := &Run{MeshUpgrade: u, found: &u}
	var err error
	if r.Ledger, err = record.ReadLedger(u.Status.Ledger); err != nil {
		return nil, fmt.Errorf("read MeshUpgrade %s: %w: status.ledger cannot be read; another version of rerig wrote it: use that version. "+
			"Do NOT delete the MeshUpgrade: it holds the baseline for a rollback and owns parked pods", u.Name, err)
	}
	r.Fresh = r.Ledger.Started.IsZero()
	return r, r.readIntent()
}

// begin returns a run that starts, in place of the recorded one if there is one. It moves
// gateways last unless it is to leave them; records of 0.1 without a choice leave them.
func begin(u v1alpha1.MeshUpgrade, found *v1alpha1.MeshUpgrade) (*Run, error) {
	u.Spec.Gateways = cmp.Or(u.Spec.Gateways, string(step.GatewaysLast))
	r := &Run{MeshUpgrade: u, found: found, Fresh: true}
	return r, r.readIntent()
}

// readIntent updates Intent after the specification changed.
func (r *Run) readIntent() (err error) {
	r.Intent, err = record.IntentOf(r.MeshUpgrade)
	return err
}

// Recorded reports whether the run has a record.
func (r *Run) Recorded() bool { return r.found != nil }

// Ended reports whether the run finished in the direction that is asked for. A
// held run did not.
func (r *Run) Ended() bool {
	return !r.Ledger.Ended.IsZero() && r.Ledger.Held == nil && r.Ledger.RollbackApproved == r.RollingBack()
}

// RollingBack reports whether the run goes, or went, back to its baseline.
func (r *Run) RollingBack() bool { return r.Spec.Rollback }

// Turning reports whether the direction that is asked for is not the recorded one.
func (r *Run) Turning() bool { return r.found != nil && r.RollingBack() != r.found.Spec.Rollback }

// Outcome returns how a run that is over, or held, ended.
func (r *Run) Outcome() engine.Outcome {
	switch {
	case r.Ledger.Held != nil:
		return engine.Held
	case r.RollingBack():
		return engine.RolledBack
	}
	return engine.Completed
}

// RetryWave forgets that a wave was rolled back, so that the plan goes forward
// again. That is recorded once the plan is approved.
func (r *Run) RetryWave() {
	if r.Ledger.Held != nil && r.Ledger.Revert > 0 && !r.RollingBack() {
		r.Ledger.Revert = 0
	}
}

// Approved reports whether everything in a plan was approved already, in the
// direction in which the run goes.
func (r *Run) Approved(p report.Proposal) bool {
	return !r.Fresh && !r.needsApproval() && r.Ledger.RollbackApproved == r.RollingBack() &&
		len(plan.Drift(p.Plan.Stages, p.Plan.Target, r.Ledger)) == 0 &&
		!slices.ContainsFunc(p.Lost, func(s string) bool { return !slices.Contains(r.Ledger.AcceptedLoss, s) })
}

// Engine returns the engine that carries the run out.
func (r *Run) Engine(c Cluster, clock engine.Clock, reporter engine.Reporter) engine.Engine {
	return engine.Engine{
		Observer: r.Observer(c),
		Writer:   c.Writer(r.scope, r.drafted),
		Record:   c.Record(r.Name),
		Clock:    clock,
		Reporter: reporter,
		Jitter:   rand.Float64,
	}
}

// summary describes a run that was rolled back, before its record is replaced.
func (r *Run) summary() string {
	return fmt.Sprintf("an earlier run %s, to revision %s, rolled back at %s (%s)", r.Name, r.Spec.Revision,
		r.Ledger.Ended.Format("2006-01-02 15:04:05"), strings.Join(slices.Concat(r.Ledger.Waves...), ", "))
}
