// SPDX-License-Identifier: Apache-2.0

// Package gateway plans what surrounds the move of a gateway that istiod deploys for a
// Gateway of the Gateway API: istiod would replace its pods at once when another istiod
// owns the Gateway. So the Deployment is frozen first: every istiod leaves it alone. Its
// pods are moved by a held rollout. Then the Gateway is given to the wanted revision, and
// the Deployment to its istiod.
package gateway

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

// Decide returns how a workload is moved.
type Decide func(mesh.Workload) step.Decision

// FreezeSteps returns the gateways of a wave that have to be frozen: their pods are of
// another revision than the target's. While one is frozen its Gateway is pinned to the
// revision from which it came, by a label of its own: whoever labels the namespace, or moves
// a tag, changes nothing. On rollback that is the target.
func FreezeSteps(w mesh.World, t step.Target, g step.Wave, decide Decide) []step.Step {
	var steps []step.Step
	for _, wl := range moved(w, t, g, decide) {
		pin := pinOf(t, wl)
		if !outdated(wl, t) || wl.APIGateway.FrozenBy != "" && labelOf(wl) == pin {
			continue
		}
		steps = append(steps, step.Step{
			Kind: step.FreezeGateway, Wave: g.Number, Subject: step.Subject(wl.Ref()),
			From: binding.DescribeLabel(labelOf(wl)), To: binding.DescribeLabel(pin), TemplateLabel: pin,
		})
	}
	return steps
}

// UnfreezeSteps returns the gateways that are frozen, now or later.
func UnfreezeSteps(w mesh.World, t step.Target, g step.Wave, decide Decide) []step.Step {
	var steps []step.Step
	for _, wl := range moved(w, t, g, decide) {
		if wl.APIGateway.FrozenBy == "" && !outdated(wl, t) {
			continue
		}
		final := t.GatewayLabels[wl.Ref()]
		steps = append(steps, step.Step{
			Kind: step.UnfreezeGateway, Wave: g.Number, Subject: step.Subject(wl.Ref()),
			From: binding.DescribeLabel(pinOf(t, wl)), To: binding.DescribeLabel(final), TemplateLabel: final,
		})
	}
	return steps
}

// moved returns the gateways of a wave that istiod deploys and that the run moves.
func moved(w mesh.World, t step.Target, g step.Wave, decide Decide) []mesh.Workload {
	var list []mesh.Workload
	for _, name := range g.Namespaces {
		for _, wl := range w.WorkloadsIn(name) {
			if _, is := t.GatewayLabels[wl.Ref()]; is && wl.ForGateway() && decide(wl).Strategy.ParksPods() {
				list = append(list, wl)
			}
		}
	}
	return list
}

// outdated reports whether pods of a gateway, or its template, are not of the target's
// revision.
func outdated(wl mesh.Workload, t step.Target) bool {
	want := t.RevisionOf(wl)
	for _, p := range wl.Live() {
		if p.Sidecar.Revision != want {
			return true
		}
	}
	return wl.Template.Deployed() != want
}

// pinOf returns the label of a Gateway while its Deployment is frozen: its own, where that
// names the revision from which the upgrade came.
func pinOf(t step.Target, wl mesh.Workload) string {
	before := t.Baseline.GatewayLabels[wl.Ref()]
	if t.Rollback {
		return t.RevisionOf(wl)
	}
	if before != step.NoLabel {
		return before
	}
	return t.Baseline.Sidecars[wl.Ref()]
}

// labelOf returns the Gateway's own label istio.io/rev, or step.NoLabel.
func labelOf(wl mesh.Workload) string {
	if wl.APIGateway.Label.Set {
		return wl.APIGateway.Label.Value
	}
	return step.NoLabel
}

// RenderFreeze renders the freeze of a Deployment, and the label of its Gateway.
func RenderFreeze(s step.Step, run string) (step.Change, error) {
	return render(step.Freeze, s, run)
}

// RenderUnfreeze renders the label of a Gateway, and the end of the freeze.
func RenderUnfreeze(s step.Step, run string) (step.Change, error) {
	return render(step.Unfreeze, s, run)
}

func render(verb step.Verb, s step.Step, run string) (step.Change, error) {
	ref, err := mesh.ParseWorkloadRef(string(s.Subject))
	if err != nil {
		return step.Change{}, step.NewFault(s, "%s", err)
	}
	return step.Change{
		Verb: verb, Kind: string(ref.Kind()), Namespace: ref.Namespace(), Name: ref.Name(), Owner: run, Revision: s.TemplateLabel,
	}, nil
}

// SimulateFreeze predicts a frozen gateway.
func SimulateFreeze(w *mesh.World, t step.Target, s step.Step) {
	simulate(w, s, func(g *mesh.APIGatewayObject) { g.FrozenBy = t.Run })
}

// SimulateUnfreeze predicts a gateway that is deployed by istiod again.
func SimulateUnfreeze(w *mesh.World, _ step.Target, s step.Step) {
	simulate(w, s, func(g *mesh.APIGatewayObject) { g.FrozenBy = "" })
}

func simulate(w *mesh.World, s step.Step, change func(*mesh.APIGatewayObject)) {
	for i, wl := range w.Workloads {
		if wl.Ref() != s.Workload() {
			continue
		}
		wl.APIGateway.Label = mesh.Label{Set: s.TemplateLabel != step.NoLabel, Value: s.TemplateLabel}
		if s.TemplateLabel == step.NoLabel {
			wl.APIGateway.Label = mesh.Label{}
		}
		change(&wl.APIGateway)
		w.Workloads[i] = wl
	}
}

// Unmovable returns why gateways that istiod deploys cannot be moved to a version, "" when
// they can. An istiod before 1.29.5 and 1.30.2 configures only the proxies of Gateways that
// it owns (istio#59959): its new pods would serve nothing while the other istiod owns them.
// On rollback the Gateway gets its old label first, and the newer istiod configures its pods
// until they are gone.
func Unmovable(version string) string {
	if version == "" || mesh.ConfiguresEveryGateway(version) {
		return ""
	}
	return "istiod " + version + " configures only Gateways that it owns (istio#59959): its pods would serve nothing beside the old ones"
}
