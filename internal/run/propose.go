// SPDX-License-Identifier: Apache-2.0

package run

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/cluster/record"
	"github.com/rerig/rerig/internal/install"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/selection"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/report"
	"github.com/rerig/rerig/internal/run/spec"
	"github.com/rerig/rerig/internal/step"
)

// Environment is where an installer runs, and who reads its output.
type Environment struct {
	Kubeconfig string
	Context    string
	Root       string            // the namespace of istiod
	Say        func(line string) // receives the lines of an installer
	Announce   func(what string) // is called before something that takes a while
}

// Propose plans what is left of a run, for someone to approve. It validates the
// control planes that a new run starts with, and drafts the install if one is
// needed; the version that the draft finds is written into the specification.
func (r *Run) Propose(ctx context.Context, c Cluster, e Environment) (report.Proposal, error) {
	p, err := r.Observe(ctx, c)
	if err != nil {
		return p, err
	}
	if err := r.checkChanges(p); err != nil {
		return p, err
	}
	settings, failing, err := r.compare(ctx, c, p, r.Spec.Version)
	if err != nil {
		return p, err
	}
	if r.Fresh {
		if err := r.preflight(ctx, p, failing); err != nil {
			return p, err
		}
	}
	if err := r.draftGateways(ctx, c, e, &p); err != nil {
		return p, err
	}
	var drafted install.Draft
	if !p.Plan.Target.Rollback && has(p.Plan.Stages, step.Install) {
		drafted, err = r.draft(ctx, c, e, &p, &settings)
	}
	p.Plan.Notes = append(p.Plan.Notes, r.installerNotes(p)...)
	t, olds := p.Plan.Target, r.oldRevisions(p)
	if advice.MovesPods(p.Plan.Stages) {
		p.Plan.Notes = append(p.Plan.Notes, advice.Compare(p.World, settings, t, olds)...)
		if !t.Rollback {
			p.Plan.Notes = append(p.Plan.Notes, advice.MissingTemplates(p.World, settings, t, drafted.Templates)...)
		}
	}
	if len(p.Plan.Stages) > 0 {
		p.Plan.Notes = append(p.Plan.Notes, advice.GatewayHazards(p.World, settings, t)...)
	}
	if !t.Rollback && has(p.Plan.Stages, step.Validate) {
		p.Lost = settings.Lost(t.Revision, olds)
	}
	if err == nil {
		err = findGaps(ctx, c, &p)
	}
	return p, err
}

// installerNotes notes what a revision would be installed from if it did not exist. A
// revision that the run itself has installed is not noted.
func (r *Run) installerNotes(p report.Proposal) []step.Note {
	t := p.Plan.Target
	found, exists := p.World.Revision(t.Revision)
	given := r.Spec.Install != nil || r.Spec.Helm != nil
	if !exists || !given || t.Rollback || has(p.Plan.Stages, step.Install) || r.Ledger.Installation != step.NotInstalled {
		return nil
	}
	used := "not used: "
	if len(t.RenderedInputs) > 0 {
		used = "used for the templates of gateways alone: "
	}
	return []step.Note{{
		Kind:     step.InstallerUnused,
		Subject:  "revision " + t.Revision,
		Text:     "exists already: the run installs nothing, and moves workloads to it as it is",
		Evidence: fmt.Sprintf("Istio %s; %s%s", cmp.Or(found.Version, "of unknown version"), used, spec.InstalledFrom(r.Spec, r.files.Source)),
		Remedy: "to install from that, choose another name for the new revision; " +
			"to change this one, use the tool that installed it",
	}}
}

// NeedsFor returns the permissions that a proposed plan needs.
func (r *Run) NeedsFor(p report.Proposal, root string) []install.Permission {
	return slices.Concat(r.needs, r.valueNeeds(root), planNeeds(p.World, p.Plan.Stages, root))
}

// needsApproval reports whether a change needs a new approval, whatever is left.
func (r *Run) needsApproval() bool {
	return r.extended || slices.ContainsFunc(r.Changes, func(c spec.Change) bool { return c.NeedsApproval })
}

// checkChanges refuses changes that come too late, or that do not fit the mesh.
func (r *Run) checkChanges(p report.Proposal) error {
	for _, c := range r.Changes {
		switch c.Field {
		case "tags":
			if moved := r.Ledger.MovedTags(p.World); r.Intent.Tags == step.KeepTags && len(moved) > 0 {
				return fmt.Errorf("keep the tags (spec.tags is recorded as move, and was approved): %s: leave --tags out, "+
					"or roll the run back with `rerig rollback %s`, which moves them back", strings.Join(moved, "; "), r.Name)
			}
		case "from":
			if err := plan.ValidateFrom(p.World, r.Intent); err != nil {
				return err
			}
		case "workloads":
			given := r.newRules()
			err := cmp.Or(strategy.ValidateRules(p.World, given), strategy.ValidateSwapRules(p.World, p.Plan.Target),
				strategy.ValidateRulesAgainstSwaps(p.World, p.Plan.Target, given))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// newRules returns the rules that are not recorded. What a recorded rule names may
// have been deleted since.
func (r *Run) newRules() []step.Rule {
	recorded, err := record.IntentOf(*r.found)
	if err != nil { // it was read before
		return r.Intent.Policy.Rules
	}
	return slices.DeleteFunc(slices.Clone(r.Intent.Policy.Rules), func(x step.Rule) bool { return slices.Contains(recorded.Policy.Rules, x) })
}

// has reports whether something of a kind is left to do.
func has(stages []step.Stage, kind step.Kind) bool {
	return slices.ContainsFunc(stages, func(stage step.Stage) bool { return stage.Kind == kind })
}

// draft finds out what the install would do, prepares it, and plans again with
// what it found. It adds to the settings those that the new control plane will have.
func (r *Run) draft(
	ctx context.Context, c Cluster, e Environment, p *report.Proposal, settings *mesh.ControlPlaneSettings,
) (install.Draft, error) {
	loaded, err := r.loadedSpec(ctx, c, e.Root)
	if err != nil {
		return install.Draft{}, err
	}
	installer, err := spec.InstallerOf(loaded)
	if err != nil {
		return install.Draft{}, fmt.Errorf("read MeshUpgrade %s: %w", r.Name, err)
	}
	installer.Istioctl = r.files.Istioctl
	switch {
	case installer.IstioOperator.IsSet():
		e.Announce("istioctl renders the IstioOperator file")
	case installer.Chart.IsSet():
		e.Announce("Helm downloads and renders the chart")
	}
	d, drafted, err := c.Draft(ctx, e, DraftRequest{
		Method:         installer,
		Revision:       r.Spec.Revision,
		Version:        r.Spec.Version,
		RevisionsInUse: selection.RevisionsInUse(p.World, p.Plan.Target),
		Timeout:        r.Intent.ReadyTimeout,
	})
	if err != nil {
		return d, err
	}
	if err := spec.SetDraft(&r.Spec, d); err != nil {
		return d, err
	}
	if err := r.readIntent(); err != nil {
		return d, err
	}
	r.needs, r.drafted, r.Ledger.Rendered = d.Permissions, drafted, d.Rendered
	p.Installer = installerReport(d, spec.InstalledFrom(r.Spec, r.files.Source))
	p.Installer.Await = r.Spec.Await
	if d.Manifest != nil {
		rendered, err := c.Rendered(ctx, d.Revision, d.Manifest)
		if err != nil {
			return d, err
		}
		settings.Set(rendered)
	}
	target, err := plan.ResolveTarget(p.World, r.Intent, r.Ledger)
	p.Intent, p.Plan = r.Intent, plan.Make(p.World, target, r.Ledger)
	p.Plan.Notes = append(p.Plan.Notes, referenceNotes(d)...)
	return d, err
}

// referenceNotes notes the objects of an install that lead to another revision.
func referenceNotes(d install.Draft) []step.Note {
	var notes []step.Note
	for _, r := range d.References {
		notes = append(notes, step.Note{
			Kind:     step.LeadsElsewhere,
			Subject:  r.Object.String(),
			Text:     "leads to revision " + r.Revision + ": the install would affect that revision, or depend on it, at once",
			Evidence: r.Field,
			Remedy:   "correct it in the file, or the values, of revision " + d.Revision,
		})
	}
	return notes
}

func installerReport(d install.Draft, source string) *report.Installer {
	i := &report.Installer{By: d.By, From: source, Notes: d.Notes}
	for _, o := range d.OmittedGateways {
		i.LeftOut = append(i.LeftOut, report.Remark{Subject: o.String(),
			Reason: "a gateway (" + o.CurrentState() + "): istioctl would replace it in place, at once"})
	}
	if d.Inherited != nil {
		i.InheritedFrom, i.Inherited = d.Inherited.From, d.Inherited.Lines()
	}
	for _, o := range d.Created {
		i.Created = append(i.Created, report.Remark{Subject: o.String(), Reason: o.Pods})
	}
	for _, o := range d.InPlace {
		i.InPlace = append(i.InPlace, report.Remark{Subject: o.String(), Reason: o.Effect()})
	}
	return i
}
