// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/removal"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/plan/trial"
	"github.com/rerig/rerig/internal/step"
)

func defines(v View, _ step.Wave) []step.Step {
	if v.World.CRDInstalled {
		return nil
	}
	return []step.Step{{Kind: step.Define, Subject: step.CRDName}}
}

func renderCRD(s step.Step, _ step.Target, _ time.Time) ([]step.Change, error) {
	return []step.Change{{Verb: step.Apply, Kind: "CustomResourceDefinition", Name: string(s.Subject)}}, nil
}

// installs returns a step while the revision does not exist, and while the run's own
// installation of it is not known to have completed: it is repeated from the start. On
// rollback the step restores a removed revision.
func installs(v View, _ step.Wave) []step.Step {
	if v.Target.Rollback {
		return removal.RestoreSteps(v.World, v.Target)
	}
	_, exists := v.World.Revision(v.Target.Revision)
	if exists && v.Ledger.Installation != step.Installing {
		return nil
	}
	t := v.Target
	input := t.Input
	if t.Rendered != "" {
		input += "/" + t.Rendered
	}
	return []step.Step{{Kind: step.Install, Subject: step.Subject(t.Revision), To: t.Version, Input: input}}
}

func renderInstall(s step.Step, t step.Target, _ time.Time) ([]step.Change, error) {
	if t.Rollback {
		return []step.Change{{Verb: step.RestoreRevision, Kind: "Revision", Name: string(s.Subject)}}, nil
	}
	return []step.Change{{
		Verb: step.InstallRevision, Kind: "Revision", Name: string(s.Subject), Version: t.Version, Rendered: t.Rendered,
	}}, nil
}

func simulateInstall(w *mesh.World, l *step.Ledger, t step.Target, s step.Step, _ time.Time) {
	addRevision(w, string(s.Subject), s.To)
	w.Components = append(slices.Clone(w.Components), w.MissingComponents(string(s.Subject))...)
	w.Sort()
	if !t.Rollback {
		l.Installation = step.Installed
	}
}

// addRevision adds a ready revision with the webhooks that Istio's installers create.
func addRevision(w *mesh.World, name, version string) {
	hasWebhook := slices.ContainsFunc(w.Webhooks, func(h mesh.Webhook) bool { return h.Revision == name && h.Tag == "" })
	_, exists := w.Revision(name)
	if exists && hasWebhook {
		return
	}
	w.Revisions = slices.DeleteFunc(w.Revisions, func(r mesh.Revision) bool { return r.Name == name })
	w.Revisions = append(w.Revisions, mesh.Revision{
		Name: name, Version: version, Replicas: 1, Ready: 1,
		Istiods: []mesh.Istiod{{Pod: "istiod-" + name, Ready: true, Version: version, Build: version}},
	})
	named := mesh.Requirement{Key: mesh.RevisionLabel, Operator: mesh.In, Values: []string{name}}
	unnamed := mesh.Requirement{Key: mesh.RevisionLabel, Operator: mesh.DoesNotExist}
	unlabelled := mesh.Requirement{Key: mesh.InjectionLabel, Operator: mesh.DoesNotExist}
	notDisabled := mesh.Requirement{Key: mesh.SidecarLabel, Operator: mesh.NotIn, Values: []string{"false"}}
	byNamespace := mesh.Webhook{
		Configuration: "istio-sidecar-injector-" + name, Name: "rev.namespace.sidecar-injector.istio.io", Revision: name, Roots: w.Roots,
		Namespaces: mesh.Selector{named, unlabelled}, Objects: mesh.Selector{notDisabled},
	}
	byPod := byNamespace
	byPod.Name = "rev.object.sidecar-injector.istio.io"
	byPod.Namespaces, byPod.Objects = mesh.Selector{unnamed, unlabelled}, mesh.Selector{notDisabled, named}
	w.Webhooks = append(w.Webhooks, byNamespace, byPod)
	w.Sort()
}

func cloneWorld(w mesh.World) mesh.World {
	w.Revisions, w.Webhooks = slices.Clone(w.Revisions), slices.Clone(w.Webhooks)
	w.Namespaces, w.Workloads = slices.Clone(w.Namespaces), slices.Clone(w.Workloads)
	w.Tags = slices.Clone(w.Tags)
	return w
}

func validations(v View, _ step.Wave) []step.Step {
	var steps []step.Step
	for _, name := range v.Target.ControlPlanes() {
		if _, ok := v.Ledger.Passed[step.ValidateKey(v.World, name)]; !ok {
			steps = append(steps, step.Step{Kind: step.Validate, Subject: step.Subject(name)})
		}
	}
	return steps
}

func renderTrial(s step.Step, t step.Target, _ time.Time) ([]step.Change, error) {
	return step.Single(trial.Render(s, t.Run))
}

func renderRestart(s step.Step, t step.Target, at time.Time) ([]step.Change, error) {
	if s.Field != "" || s.API != "" {
		return step.Single(strategy.RenderFieldRestart(s, t.Run, at))
	}
	return step.Single(strategy.RenderRestart(s, t.Run, at))
}
