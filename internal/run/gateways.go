// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"fmt"
	"maps"

	"github.com/rerig/rerig/internal/cluster/rendered"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report"
	"github.com/rerig/rerig/internal/run/spec"
	"github.com/rerig/rerig/internal/step"
)

// draftGateways renders the templates of the gateways that istioctl installed and that the
// run still has to give another template, and plans again with what they are rendered from.
// The run keeps the templates in memory: another process renders them again.
func (r *Run) draftGateways(ctx context.Context, c Cluster, e Environment, p *report.Proposal) error {
	gateways := toRender(p.World, p.Plan)
	if len(gateways) == 0 {
		return nil
	}
	loaded, err := r.loadedSpec(ctx, c, e.Root)
	if err != nil {
		return err
	}
	method, err := spec.InstallerOf(loaded)
	if err != nil {
		return fmt.Errorf("read MeshUpgrade %s: %w", r.Name, err)
	}
	method.Istioctl = r.files.Istioctl
	version := r.Spec.Version
	if found, exists := p.World.Revision(r.Spec.Revision); exists {
		version = found.Version
	}
	e.Announce("istioctl renders the templates of gateways")
	drafts, err := c.DraftGateways(ctx, e, DraftRequest{Method: method, Revision: r.Spec.Revision, Version: version}, gateways)
	if err != nil {
		return err
	}
	inputs := maps.Clone(r.Ledger.RenderedInputs)
	if inputs == nil {
		inputs = map[mesh.WorkloadRef]string{}
	}
	r.templates = map[mesh.WorkloadRef]rendered.Template{}
	for i, d := range drafts {
		ref := gateways[i].Ref()
		inputs[ref] = step.RenderedInput(d.Operator, d.Rendered)
		r.templates[ref] = rendered.Template{Digest: d.Rendered, JSON: d.Template}
	}
	r.Ledger.RenderedInputs, r.scope.Templates = inputs, r.templates
	target, err := plan.ResolveTarget(p.World, r.Intent, r.Ledger)
	p.Plan = plan.Make(p.World, target, r.Ledger)
	return err
}

// toRender returns the gateways of a plan whose template istioctl has to render.
func toRender(w mesh.World, p plan.Plan) []mesh.Workload {
	var list []mesh.Workload
	for _, s := range step.Flat(p.Stages) {
		wl, _ := w.Workload(s.Workload())
		if s.Kind == step.Swap && !p.Target.Rollback && wl.ByIstioctl() && wl.Template.Deployed() != s.To {
			list = append(list, wl)
		}
	}
	return list
}
