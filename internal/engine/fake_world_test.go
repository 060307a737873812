// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
)

func (f *fake) apply(c step.Change) {
	trialVerbs := []step.Verb{step.CreateTrial, step.ScheduleTrial, step.ServeTrial, step.StopTrialService}
	if slices.Contains(trialVerbs, c.Verb) || c.Verb == step.Delete && c.Kind == "Pod" {
		f.applyTrial(c)
		return
	}
	if f.gateway(c) {
		return
	}
	switch c.Verb {
	case step.SaveCopy:
		for _, b := range f.world.Components {
			if b.UID == c.Expect && !slices.ContainsFunc(f.world.SavedCopies, func(k mesh.Component) bool { return k.UID == b.UID }) {
				f.world.SavedCopies = append(slices.Clone(f.world.SavedCopies), b)
			}
		}
		return
	case step.Delete:
		f.simulate(step.Step{Kind: step.Remove, Subject: step.Subject(subjectOf(c)), To: "1-29-1"})
		return
	case step.LabelObjects:
		f.simulate(step.Step{Kind: step.LabelGateway, Subject: step.Subject(subjectOf(c)), To: c.Revision})
		return
	case step.RestoreRevision:
		install := step.Step{Kind: step.Install, Subject: step.Subject(c.Name), To: "1.29.1"}
		f.world, _ = plan.Simulate(f.world, step.Target{Rollback: true}, step.Ledger{}, install, f.now)
		return
	}
	switch c.Kind {
	case "CustomResourceDefinition":
		f.world.CRDInstalled = true
	case "Pod", "Service":
		if c.Verb != step.EvictPod {
			f.swap(c)
			return
		}
		f.evict(c)
	case "Revision":
		f.simulate(step.Step{Kind: step.Install, Subject: step.Subject(c.Name), To: c.Version})
	case "Namespace":
		f.relabel(c)
	case "CronJob":
		f.labelTemplate(c)
	case "Tag":
		f.simulate(step.Step{Kind: step.Tag, Subject: step.Subject(c.Name), To: c.Revision})
	default:
		f.restart(c)
	}
}

func (f *fake) relabel(c step.Change) {
	var body struct {
		Metadata struct{ Labels map[string]*string }
	}
	if err := json.Unmarshal(c.Patch, &body); err != nil {
		panic(err)
	}
	for i, ns := range f.world.Namespaces {
		if ns.Name == c.Name {
			labels := maps.Clone(ns.Labels)
			for k, v := range body.Metadata.Labels {
				if delete(labels, k); v != nil {
					labels[k] = *v
				}
			}
			f.world.Namespaces = slices.Clone(f.world.Namespaces)
			f.world.Namespaces[i].Labels = labels
		}
	}
}

// evict replaces an evicted pod. Its controller then replaces the others.
func (f *fake) evict(c step.Change) {
	for i, wl := range f.world.Workloads {
		for _, p := range wl.Pods {
			if wl.Namespace == c.Namespace && p.Name == c.Name && p.UID == c.Expect && wl.Ref() != f.stuckWorkload {
				f.simulate(step.Step{Kind: step.EvictStuckPod, Subject: step.Subject(wl.Ref()), From: p.Name + " " + p.UID})
				return
			}
			if wl.Namespace == c.Namespace && p.Name == c.Name && p.UID == c.Expect {
				a, restart := wl.RestartAnnotation, step.Step{Kind: step.Restart, Subject: step.Subject(wl.Ref())}
				f.world, _ = plan.Simulate(f.world, step.Target{Run: a.Run}, step.Ledger{}, restart, a.At)
				for j := range f.world.Workloads[i].Pods {
					f.world.Workloads[i].Pods[j].Running, f.world.Workloads[i].Pods[j].Ready = true, true
				}
				f.world.Workloads[i].Rollout.Done = true
				return
			}
		}
	}
}

func (f *fake) restart(c step.Change) {
	key := mesh.WorkloadRef(c.Kind + " " + c.Namespace + "/" + c.Name)
	if key == f.stuckWorkload {
		f.restartStuck(key)
		return
	}
	pin, alone := templateLabelIn(c)
	if alone {
		f.labelTemplate(c)
		return
	}
	f.simulate(step.Step{Kind: step.Restart, Subject: step.Subject(key), TemplateLabel: pin})
	for i, wl := range f.world.Workloads {
		if wl.Ref() == key {
			back := wl.Pods[0].Sidecar.Revision != f.intent.Revision
			f.world.Workloads[i].Rollout = mesh.Rollout{Done: f.unreadyWorkload != key || back, Message: "1 of 2 updated replicas are available"}
		}
	}
}

// testMesh returns three namespaces with two workloads each, on 1-29-1.
func testMesh() mesh.World {
	hook := func(configuration, revision, tag, key, value string) mesh.Webhook {
		return mesh.Webhook{Configuration: configuration, Name: "x", Revision: revision, Tag: tag, Roots: []string{"root"},
			Namespaces: mesh.Selector{{Key: key, Operator: mesh.In, Values: []string{value}}}}
	}
	w := mesh.World{RootNamespace: "istio-system", Roots: []string{"root"},
		Revisions: []mesh.Revision{testRevision("1-29-1", "1.29.1", "b1")},
		Webhooks: []mesh.Webhook{hook("istio-sidecar-injector-1-29-1", "1-29-1", "", mesh.RevisionLabel, "1-29-1"),
			hook("istio-revision-tag-default", "1-29-1", "default", mesh.InjectionLabel, "enabled")},
		Namespaces: []mesh.Namespace{{Name: "a", Labels: map[string]string{mesh.InjectionLabel: "enabled"}},
			{Name: "b", Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}},
			{Name: "c", Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}}}}
	for _, ns := range []string{"a", "b", "c"} {
		for _, name := range []string{"x", "y"} {
			wl := mesh.Workload{Kind: mesh.Deployment, Namespace: ns, Name: name, Replicas: 2,
				Rollout: mesh.Rollout{Done: true}, Template: mesh.Template{Hash: "t0"}}
			for _, pod := range []string{"0", "1"} {
				wl.Pods = append(wl.Pods, mesh.Pod{Name: name + pod, Running: true, Ready: true, Current: true,
					Sidecar: mesh.Sidecar{Present: true, Revision: "1-29-1"}})
			}
			w.Workloads = append(w.Workloads, wl)
		}
	}
	w.Sort()
	return w
}

// testRevision returns a control plane of one istiod.
func testRevision(name, version, build string) mesh.Revision {
	return mesh.Revision{Name: name, Version: version, Replicas: 1, Ready: 1,
		Istiods: []mesh.Istiod{{Pod: "istiod-" + name, Ready: true, Version: version, Build: build}}}
}

// simulate applies a step of the run to the mesh.
func (f *fake) simulate(s step.Step) {
	f.world, _ = plan.Simulate(f.world, step.Target{Run: f.intent.Run}, step.Ledger{}, s, f.now)
}

// newUpgrade returns an approved upgrade in three waves.
func newUpgrade() *fake {
	f := &fake{world: testMesh(), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), version: 1,
		intent: step.Intent{Run: "to-1-31-0", Revision: "1-31-0", Version: "1.31.0", Installable: true, Soak: time.Minute,
			ReadyTimeout: 5 * time.Minute, Waves: [][]string{{"a"}, {"b"}, {"c"}}}}
	f.approve()
	return f
}

// approve approves the present plan, as the command line does before it runs the engine.
func (f *fake) approve() {
	if len(f.ledger.Waves) == 0 {
		target, err := plan.ForwardTarget(f.world, f.intent, step.Ledger{})
		if err != nil {
			panic(err)
		}
		f.ledger = plan.NewLedger(plan.Make(f.world, target, step.Ledger{}), f.now)
		return
	}
	f.ledger.Revert = 0
	target, err := plan.ResolveTarget(f.world, f.intent, f.ledger)
	if err != nil {
		panic(err)
	}
	f.ledger = plan.Approve(f.ledger, plan.Make(f.world, target, f.ledger), f.now)
}

// sidecarsIn returns the revisions of a namespace's sidecars.
func (f *fake) sidecarsIn(ns string) []string {
	var list []string
	for _, wl := range f.world.Workloads {
		if wl.Namespace == ns {
			list = append(list, wl.Sidecars()...)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// restartStuck replaces the last pod by one that never becomes ready, once. The
// controller waits for it, whatever is written to the template later.
func (f *fake) restartStuck(key mesh.WorkloadRef) {
	restart := step.Step{Kind: step.Restart, Subject: step.Subject(key)}
	w, _ := plan.Simulate(f.world, step.Target{Run: f.intent.Run}, step.Ledger{}, restart, f.now)
	for i, wl := range w.Workloads {
		if wl.Ref() != key {
			continue
		}
		was := f.world.Workloads[i].Pods
		last := len(was) - 1
		for j := range was {
			if j < last || !was[last].Ready {
				w.Workloads[i].Pods[j] = was[j]
				w.Workloads[i].Pods[j].Current = false
			}
		}
		if was[last].Ready {
			w.Workloads[i].Pods[last].Running, w.Workloads[i].Pods[last].Ready = false, false
		}
		w.Workloads[i].Rollout = mesh.Rollout{Message: "1 of 2 pods are ready"}
	}
	f.world = w
}
