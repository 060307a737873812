// SPDX-License-Identifier: Apache-2.0

// Package plantest holds Worlds and helpers for the tests of planning.
package plantest

import (
	"fmt"
	"slices"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
)

// Noon is the time of all tests.
var Noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Webhooks returns the webhooks that Istio's chart renders for a revision, or for a tag of it.
func Webhooks(revision, tag string) []mesh.Webhook {
	name, configuration := revision, "istio-sidecar-injector-"+revision
	if tag != "" {
		name, configuration = tag, "istio-revision-tag-"+tag
	}
	unlabelled := []mesh.Requirement{
		{Key: mesh.RevisionLabel, Operator: mesh.DoesNotExist},
		{Key: mesh.InjectionLabel, Operator: mesh.DoesNotExist},
	}
	notDisabled := mesh.Requirement{Key: mesh.SidecarLabel, Operator: mesh.NotIn, Values: []string{"false"}}
	hook := func(n string, ns, obj mesh.Selector) mesh.Webhook {
		return mesh.Webhook{
			Configuration: configuration, Name: n, Revision: revision, Tag: tag,
			Roots: []string{"root"}, Namespaces: ns, Objects: obj,
		}
	}
	list := []mesh.Webhook{
		hook(
			"rev.namespace",
			mesh.Selector{{Key: mesh.RevisionLabel, Operator: mesh.In, Values: []string{name}}, unlabelled[1]},
			mesh.Selector{notDisabled},
		),
		hook("rev.object", unlabelled, mesh.Selector{notDisabled, {Key: mesh.RevisionLabel, Operator: mesh.In, Values: []string{name}}}),
	}
	if tag == "default" {
		list = append(list,
			hook("namespace", mesh.Selector{{Key: mesh.InjectionLabel, Operator: mesh.In, Values: []string{"enabled"}}}, mesh.Selector{notDisabled}),
			hook("object", unlabelled, mesh.Selector{{Key: mesh.SidecarLabel, Operator: mesh.In, Values: []string{"true"}}, unlabelled[0]}))
	}
	return list
}

// World returns a mesh on 1-29-1: one namespace bound by istio-injection, one by a tag, two by the
// revision, with three workloads each, and a gateway.
func World() mesh.World {
	w := mesh.World{
		RootNamespace: "istio-system", Roots: []string{"root"},
		Revisions: []mesh.Revision{
			{Name: "1-29-1", Version: "1.29.1", Replicas: 1, Ready: 1, Istiods: []mesh.Istiod{{Pod: "istiod-1-29-1", Ready: true, Build: "1.29.1"}}},
		},
		Tags: []mesh.Tag{{Name: "default", Revision: "1-29-1"}, {Name: "prod", Revision: "1-29-1"}},
	}
	w.Webhooks = slices.Concat(Webhooks("1-29-1", ""), Webhooks("1-29-1", "default"), Webhooks("1-29-1", "prod"))
	for ns, labels := range map[string]map[string]string{
		"a": {mesh.InjectionLabel: "enabled"}, "b": {mesh.RevisionLabel: "1-29-1", "team": "core"}, "c": {mesh.RevisionLabel: "prod"},
		"d": {mesh.RevisionLabel: "1-29-1"}, "free": {}, "istio-system": {}} {
		w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: ns, Labels: labels})
	}
	for i, ns := range []string{"a", "b", "c", "d"} {
		for j, kind := range []mesh.Kind{mesh.Deployment, mesh.StatefulSet, mesh.DaemonSet} {
			w.Workloads = append(w.Workloads, Workload(kind, ns, fmt.Sprintf("w%d", j), i+1))
		}
	}
	gateway := Workload(mesh.Deployment, "istio-system", "istio-ingressgateway", 2)
	gateway.Gateway = true
	w.Workloads = append(w.Workloads, gateway)
	w.Sort()
	return w
}

// Workload returns a workload with so many ready pods on 1-29-1.
func Workload(kind mesh.Kind, ns, name string, pods int) mesh.Workload {
	wl := mesh.Workload{Kind: kind, Namespace: ns, Name: name, Replicas: pods, Rollout: mesh.Rollout{Done: true},
		Template: mesh.Template{Hash: "t0", Containers: []mesh.Container{{Name: "app", PreStop: true}}}}
	for i := range pods {
		wl.Pods = append(wl.Pods, mesh.Pod{Name: fmt.Sprintf("%s-%d", name, i), Running: true, Ready: true, Current: true,
			Sidecar: mesh.Sidecar{Present: true, Revision: "1-29-1", Version: "1.29.1"}})
	}
	return wl
}

// WithRevision returns the World with one more revision, installed and ready.
func WithRevision(w mesh.World, name, version string) mesh.World {
	install := step.Step{Kind: step.Install, Subject: step.Subject(name), To: version}
	after, _ := plan.Simulate(w, step.Target{}, step.Ledger{}, install, Noon)
	return after
}

// Clone returns a copy of the World whose slices can be changed one level deep.
func Clone(w mesh.World) mesh.World {
	w.Revisions, w.Webhooks, w.Tags = slices.Clone(w.Revisions), slices.Clone(w.Webhooks), slices.Clone(w.Tags)
	w.Namespaces, w.Workloads = slices.Clone(w.Namespaces), slices.Clone(w.Workloads)
	return w
}

// WithOtherMesh returns the World with another mesh whose istiod is in namespace mesh-b. It
// injects namespace team-b, and namespace a as well if it overlaps.
func WithOtherMesh(w mesh.World, overlaps bool) mesh.World {
	w = Clone(w)
	others := Webhooks("blue", "")
	if overlaps {
		others = append(others, mesh.Webhook{Configuration: "istio-sidecar-injector-blue", Name: "namespace", Revision: "blue",
			Namespaces: mesh.Selector{{Key: mesh.InjectionLabel, Operator: mesh.In, Values: []string{"enabled"}}}})
	}
	for _, h := range others {
		h.Service, h.Roots = "mesh-b/istiod-blue", []string{"another root"}
		w.Webhooks = append(w.Webhooks, h)
	}
	w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: "mesh-b"},
		mesh.Namespace{Name: "team-b", Labels: map[string]string{mesh.RevisionLabel: "blue"}})
	wl := Workload(mesh.Deployment, "team-b", "web", 1)
	wl.Pods[0].Sidecar = mesh.Sidecar{Present: true, Revision: "blue", Mesh: "mesh-b"}
	w.Workloads = append(w.Workloads, wl)
	w.SeparateMeshes()
	w.Sort()
	return w
}
