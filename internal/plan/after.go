// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

// After predicts the World and the Ledger once a step is carried out and has
// come to its end. It is the dry run, and what the laws are tested with.
func After(w mesh.World, t Target, l Ledger, s Step, at time.Time) (mesh.World, Ledger) {
	w, l = copied(w), l.Clone()
	switch s.Kind {
	case Define:
		w.Defined = true
	case Install:
		w = installed(w, s.Subject, s.To)
		w.Belongings = append(slices.Clone(w.Belongings), w.Lost(s.Subject)...)
		w.Sort()
		if !t.Back {
			l.Install = Done
		}
	case Remove:
		removed(&w, s)
	case Label, Pin, Unpin:
		relabelled(&w, s)
	case Preset:
		preset(&w, s)
	case Withdraw:
		withdrawn(&w, s)
	case Tag:
		retagged(&w, s)
	case Evict:
		madeAnew(&w, s)
	case Restart:
		restarted(&w, t, s, at)
	case Replace:
		evictedAll(&w, s)
		if l.Evicting == nil {
			l.Evicting = map[string]bool{}
		}
		l.Evicting[s.Subject] = true
	case Swap:
		swappedAll(&w, t, s, at)
	case Retire:
		retired(&w, s)
	default:
		if l.Passed == nil {
			l.Passed = map[string]Pass{}
		}
		l.Passed[Key(w, s, t)] = Pass{At: at}
	}
	return w, l
}

func copied(w mesh.World) mesh.World {
	w.Revisions, w.Webhooks = slices.Clone(w.Revisions), slices.Clone(w.Webhooks)
	w.Namespaces, w.Workloads = slices.Clone(w.Namespaces), slices.Clone(w.Workloads)
	w.Tags = slices.Clone(w.Tags)
	return w
}

func installed(w mesh.World, name, version string) mesh.World {
	hooked := slices.ContainsFunc(w.Webhooks, func(h mesh.Webhook) bool { return h.Revision == name && h.Tag == "" })
	if _, there := w.Revision(name); there && hooked {
		return w
	} else if there {
		w.Revisions = slices.DeleteFunc(w.Revisions, func(r mesh.Revision) bool { return r.Name == name })
	}
	w.Revisions = append(w.Revisions, mesh.Revision{Name: name, Version: version, Wanted: 1, Ready: 1,
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

func relabelled(w *mesh.World, s Step) {
	b, err := mesh.ParseBinding(s.To)
	if err != nil {
		return
	}
	for i, ns := range w.Namespaces {
		if ns.Name != s.Subject {
			continue
		}
		labels := maps.Clone(ns.Labels)
		set(labels, mesh.InjectionLabel, b.Injection)
		set(labels, mesh.RevisionLabel, b.Revision)
		w.Namespaces[i].Labels = labels
	}
}

func set(labels map[string]string, key string, l mesh.Label) {
	if delete(labels, key); l.Set {
		labels[key] = l.Value
	}
}

// evictedAll gives a workload other pods in the place of all that are not as they
// should be, of a template that is pinned first.
func evictedAll(w *mesh.World, s Step) {
	if s.Pin != "" {
		preset(w, s)
	}
	wl, _ := w.Workload(s.Subject)
	for _, p := range lagging(wl, s.To) {
		madeAnew(w, Step{Subject: s.Subject, From: p.Name + " " + p.UID})
	}
}

// madeAnew gives a workload another pod in the place of one that was evicted.
func madeAnew(w *mesh.World, s Step) {
	pod, _, _ := strings.Cut(s.From, " ")
	for i, wl := range w.Workloads {
		if wl.Key() != s.Subject {
			continue
		}
		ns, _ := w.Namespace(wl.Namespace)
		by := w.Injectors(ns, wl.Template)
		pods := slices.Clone(wl.Pods)
		for j, p := range pods {
			if p.Name == pod && len(by) > 0 {
				pods[j].UID, pods[j].Running, pods[j].Ready = "'"+p.UID, true, true
				pods[j].Sidecar = mesh.Sidecar{Present: true, Revision: by[0]}
			}
		}
		w.Workloads[i].Pods = pods
	}
}

// restarted gives the pods what the live webhooks would give them, which need
// not be what the step wants.
func restarted(w *mesh.World, t Target, s Step, at time.Time) {
	for i, wl := range w.Workloads {
		if wl.Key() != s.Subject {
			continue
		}
		ns, _ := w.Namespace(wl.Namespace)
		by := w.Injectors(ns, wl.Template)
		if s.Pin != "" {
			wl.Template.Labels = repinned(wl.Template.Labels, s.Pin)
			by = w.Injectors(ns, wl.Template)
		}
		pods := slices.Clone(wl.Live())
		for j := range pods {
			pods[j].Current = true
			pods[j].Sidecar = mesh.Sidecar{}
			if len(by) > 0 {
				pods[j].Sidecar = mesh.Sidecar{Present: true, Revision: by[0]}
			}
		}
		wl.Pods, wl.Stamp = pods, mesh.Stamp{Run: t.Run, At: at}
		wl.Template.Hash = "restarted by " + t.Run + " at " + at.UTC().Format(time.RFC3339)
		w.Workloads[i] = wl
	}
}
