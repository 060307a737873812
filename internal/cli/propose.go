// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/rerig/rerig/internal/install"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report"
	"github.com/rerig/rerig/internal/verify"
)

// propose plans what is left of a run, for somebody to agree to: it judges the
// control planes that a new run begins with, and drafts the install where one is
// needed. The version that the plan names is noted in the run's spec.
func (a *app) propose(ctx context.Context, h home, r *run) (p report.Proposal, err error) {
	p, err = observed(ctx, h, r)
	if err != nil {
		return p, err
	}
	if err := r.suits(p); err != nil {
		return p, err
	}
	setups, bad, err := r.compare(ctx, h, p, r.Spec.Version)
	if err != nil {
		return p, err
	}
	if r.fresh {
		if err := fit(ctx, p, r, bad); err != nil {
			return p, err
		}
	}
	defer func() {
		if plan.Moving(p.Plan.Stages) {
			p.Plan.Notes = append(p.Plan.Notes, plan.Compared(p.World, setups, p.Plan.Target, r.olds(p))...)
		}
	}()
	if p.Plan.Target.Back || !installs(p.Plan.Stages) {
		return p, nil
	}
	installer, err := a.draft(ctx, h, r, p)
	if err != nil {
		return p, err
	}
	target, err := plan.Aim(p.World, r.intent, r.ledger)
	p.Installer, p.Intent, p.Plan = installer, r.intent, plan.Make(p.World, target, r.ledger)
	return p, err
}

// observed plans what is left of a run against the mesh as it is now.
func observed(ctx context.Context, h home, r *run) (report.Proposal, error) {
	p := report.Proposal{Run: r.Name, Resumed: !r.fresh, Changed: r.changed(), Replaces: r.replaces, Later: r.later, Intent: r.intent}
	err := r.readied(ctx, h)
	if err != nil {
		return p, err
	}
	if p.World, err = h.Observe(ctx); err != nil {
		return p, fmt.Errorf("observe the mesh: %w", err)
	}
	if !r.back() && !r.fresh {
		before := r.ledger
		r.ledger = plan.Joined(p.World, r.intent, plan.Widened(p.World, r.intent, plan.Rebased(p.World, r.intent, before)))
		r.wider = r.wider || !reflect.DeepEqual(before.Waves, r.ledger.Waves) || !reflect.DeepEqual(before.Baseline, r.ledger.Baseline)
	}
	target, err := plan.Aim(p.World, r.intent, r.ledger)
	p.Plan = plan.Make(p.World, target, r.ledger)
	return p, err
}

// fit judges, before a run begins, the control planes that it leaves, and the
// one that it goes to where that is there already. One that is half installed is
// judged once it is installed.
func fit(ctx context.Context, p report.Proposal, r *run, bad []verify.Verdict) error {
	serving, target, version := plan.Serving(p.World, p.Plan.Target), r.Spec.Revision, r.Spec.Version
	if installs(p.Plan.Stages) {
		target = ""
	} else if version == "" {
		version = r.offered(ctx)
	}
	var lines []string
	for _, v := range append(verify.Preflight(p.World, serving, target, version), bad...) {
		lines = append(lines, fmt.Sprintf("\n  revision %s: %s\n    %s", v.Subject, v.Reason, v.Hint))
	}
	if len(lines) == 0 {
		return nil
	}
	return fmt.Errorf("judge the control planes before anything is moved (nothing was changed):%s", strings.Join(lines, ""))
}

func installs(stages []plan.Stage) bool {
	for _, s := range stages {
		if s.Kind == plan.Install {
			return true
		}
	}
	return false
}

// draft finds out what the install would do, and readies it.
func (a *app) draft(ctx context.Context, h home, r *run, p report.Proposal) (*report.Installer, error) {
	way, err := wayOf(r.Spec)
	if err != nil {
		return nil, fmt.Errorf("read MeshUpgrade %s: %w", r.Name, err)
	}
	way.Istioctl = r.istioctl
	switch {
	case way.Operator.Given():
		a.patience("istioctl renders the IstioOperator file")
	case way.Chart.Given():
		a.patience("Helm fetches and renders the chart")
	}
	site := install.Site{Kubeconfig: a.kubeconfig, Context: a.context, Root: a.root, Serving: plan.Serving(p.World, p.Plan.Target), Timeout: r.intent.Ready, Say: a.say}
	d, err := h.Draft(ctx, way, site, r.Spec.Revision, r.Spec.Version)
	if err != nil {
		return nil, err
	}
	if err := r.note(d); err != nil {
		return nil, err
	}
	i := drafted(d, from(r.Spec, r.source))
	i.Await = r.Spec.Await
	return i, nil
}

// drafted is a draft in the report's words.
func drafted(d install.Draft, source string) *report.Installer {
	i := &report.Installer{By: d.By, From: source, Notes: d.Notes}
	for _, o := range d.LeftOut {
		i.LeftOut = append(i.LeftOut, report.Remark{Subject: o.String(), Why: "a gateway (" + o.Now() + "): istioctl would replace it in place, at once"})
	}
	if d.Carried != nil {
		i.CarriedFrom, i.Carried = d.Carried.From, d.Carried.Lines()
	}
	for _, o := range d.InPlace {
		i.InPlace = append(i.InPlace, report.Remark{Subject: o.String(), Why: o.Now()})
	}
	return i
}
