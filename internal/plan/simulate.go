// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/removal"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/plan/trial"
	"github.com/rerig/rerig/internal/step"
)

// Simulate predicts the World and the Ledger once a step is carried out and has
// come to its end. It is the dry run, and what the laws are tested with.
func Simulate(w mesh.World, t step.Target, l step.Ledger, s step.Step, at time.Time) (mesh.World, step.Ledger) {
	w, l = cloneWorld(w), l.Clone()
	switch s.Kind {
	case step.Define:
		w.CRDInstalled = true
	case step.Install:
		w = simulateInstall(w, s.Subject, s.To)
		w.Components = append(slices.Clone(w.Components), w.MissingComponents(s.Subject)...)
		w.Sort()
		if !t.Rollback {
			l.Installation = step.Installed
		}
	case step.Remove:
		removal.Simulate(&w, s)
	case step.Label, step.Pin, step.RestoreLabel:
		binding.SimulateLabels(&w, s)
	case step.LabelTemplate:
		binding.SimulateTemplateLabel(&w, s)
	case step.DeleteTrial:
		trial.SimulateDelete(&w, s)
	case step.Tag:
		binding.SimulateTag(&w, s)
	case step.EvictStuckPod:
		strategy.SimulateEvictStuck(&w, s)
	case step.Restart:
		strategy.SimulateRestart(&w, t, s, at)
	case step.EvictPods:
		strategy.SimulateEvict(&w, s)
		if l.EvictedFrom == nil {
			l.EvictedFrom = map[string]bool{}
		}
		l.EvictedFrom[s.Subject] = true
	case step.Swap:
		swap.Simulate(&w, t, s, at)
	case step.DeleteParked:
		swap.SimulateDeleteParked(&w, s)
	default:
		if l.Passed == nil {
			l.Passed = map[string]step.Pass{}
		}
		l.Passed[Key(w, s, t)] = step.Pass{At: at}
	}
	return w, l
}

func cloneWorld(w mesh.World) mesh.World {
	w.Revisions, w.Webhooks = slices.Clone(w.Revisions), slices.Clone(w.Webhooks)
	w.Namespaces, w.Workloads = slices.Clone(w.Namespaces), slices.Clone(w.Workloads)
	w.Tags = slices.Clone(w.Tags)
	return w
}

func simulateInstall(w mesh.World, name, version string) mesh.World {
	hooked := slices.ContainsFunc(w.Webhooks, func(h mesh.Webhook) bool { return h.Revision == name && h.Tag == "" })
	if _, there := w.Revision(name); there && hooked {
		return w
	} else if there {
		w.Revisions = slices.DeleteFunc(w.Revisions, func(r mesh.Revision) bool { return r.Name == name })
	}
	w.Revisions = append(w.Revisions, mesh.Revision{Name: name, Version: version, Replicas: 1, Ready: 1,
		Istiods: []mesh.Istiod{{Pod: "istiod-" + name, Ready: true, Version: version, Build: version}}})
	named := mesh.Requirement{Key: mesh.RevisionLabel, Operator: mesh.In, Values: []string{name}}
	unnamed := mesh.Requirement{Key: mesh.RevisionLabel, Operator: mesh.DoesNotExist}
	free := mesh.Requirement{Key: mesh.InjectionLabel, Operator: mesh.DoesNotExist}
	notOut := mesh.Requirement{Key: mesh.SidecarLabel, Operator: mesh.NotIn, Values: []string{"false"}}
	hook := mesh.Webhook{Configuration: "istio-sidecar-injector-" + name, Name: "rev.namespace.sidecar-injector.istio.io",
		Revision: name, Roots: w.Roots, Namespaces: mesh.Selector{named, free}, Objects: mesh.Selector{notOut}}
	own := hook
	own.Name, own.Namespaces, own.Objects = "rev.object.sidecar-injector.istio.io", mesh.Selector{unnamed, free}, mesh.Selector{notOut, named}
	w.Webhooks = append(w.Webhooks, hook, own)
	w.Sort()
	return w
}
