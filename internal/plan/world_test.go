// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// noon is when everything happens in these tests.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// hooks are the webhooks that Istio's chart renders for a revision, and for the
// tag "default" when the revision bears it.
func hooks(revision, tag string) []mesh.Webhook {
	name, configuration := revision, "istio-sidecar-injector-"+revision
	if tag != "" {
		name, configuration = tag, "istio-revision-tag-"+tag
	}
	free := []mesh.Requirement{{Key: mesh.RevisionLabel, Operator: mesh.DoesNotExist}, {Key: mesh.InjectionLabel, Operator: mesh.DoesNotExist}}
	notOut := mesh.Requirement{Key: mesh.SidecarLabel, Operator: mesh.NotIn, Values: []string{"false"}}
	hook := func(n string, ns, obj mesh.Selector) mesh.Webhook {
		return mesh.Webhook{
			Configuration: configuration, Name: n, Revision: revision, Tag: tag,
			Roots: []string{"root"}, Namespaces: ns, Objects: obj,
		}
	}
	list := []mesh.Webhook{
		hook(
			"rev.namespace",
			mesh.Selector{{Key: mesh.RevisionLabel, Operator: mesh.In, Values: []string{name}}, free[1]},
			mesh.Selector{notOut},
		),
		hook("rev.object", free, mesh.Selector{notOut, {Key: mesh.RevisionLabel, Operator: mesh.In, Values: []string{name}}}),
	}
	if tag == "default" {
		list = append(list,
			hook("namespace", mesh.Selector{{Key: mesh.InjectionLabel, Operator: mesh.In, Values: []string{"enabled"}}}, mesh.Selector{notOut}),
			hook("object", free, mesh.Selector{{Key: mesh.SidecarLabel, Operator: mesh.In, Values: []string{"true"}}, free[0]}))
	}
	return list
}

// start is a mesh on 1-29-1: one namespace bound by istio-injection, one by the
// tag, two by the revision, with three workloads each, and a gateway.
func start() mesh.World {
	w := mesh.World{RootNamespace: "istio-system", Roots: []string{"root"},
		Revisions: []mesh.Revision{
			{Name: "1-29-1", Version: "1.29.1", Replicas: 1, Ready: 1, Istiods: []mesh.Istiod{{Pod: "istiod-1-29-1", Ready: true, Build: "1.29.1"}}},
		},
		Tags: []mesh.Tag{{Name: "default", Revision: "1-29-1"}, {Name: "prod", Revision: "1-29-1"}}}
	w.Webhooks = slices.Concat(hooks("1-29-1", ""), hooks("1-29-1", "default"), hooks("1-29-1", "prod"))
	for ns, labels := range map[string]map[string]string{
		"a": {mesh.InjectionLabel: "enabled"}, "b": {mesh.RevisionLabel: "1-29-1", "team": "core"}, "c": {mesh.RevisionLabel: "prod"},
		"d": {mesh.RevisionLabel: "1-29-1"}, "free": {}, "istio-system": {}} {
		w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: ns, Labels: labels})
	}
	for i, ns := range []string{"a", "b", "c", "d"} {
		for j, kind := range []mesh.Kind{mesh.Deployment, mesh.StatefulSet, mesh.DaemonSet} {
			w.Workloads = append(w.Workloads, workload(kind, ns, fmt.Sprintf("w%d", j), i+1))
		}
	}
	gateway := workload(mesh.Deployment, "istio-system", "istio-ingressgateway", 2)
	gateway.Gateway = true
	w.Workloads = append(w.Workloads, gateway)
	w.Sort()
	return w
}

func workload(kind mesh.Kind, ns, name string, pods int) mesh.Workload {
	wl := mesh.Workload{Kind: kind, Namespace: ns, Name: name, Replicas: pods, Rollout: mesh.Rollout{Done: true},
		Template: mesh.Template{Hash: "t0", Containers: []mesh.Container{{Name: "app", PreStop: true}}}}
	for i := range pods {
		wl.Pods = append(wl.Pods, mesh.Pod{Name: fmt.Sprintf("%s-%d", name, i), Running: true, Ready: true, Current: true,
			Sidecar: mesh.Sidecar{Present: true, Revision: "1-29-1", Version: "1.29.1"}})
	}
	return wl
}

func intent() step.Intent {
	return step.Intent{Run: "to-1-31-0", Revision: "1-31-0", Version: "1.31.0", Installable: true, Soak: time.Minute,
		Waves: [][]string{{"a"}, {"b", "c"}, {"d"}}}
}

// disturb does what other hands do to a mesh in the middle of a run, and says
// what that was.
func disturb(r *rand.Rand, w mesh.World) (mesh.World, string) {
	w = cloneWorld(w)
	names := []string{"a", "b", "c", "d"}
	switch ns := names[r.IntN(4)]; r.IntN(5) {
	case 0: // somebody relabels
		to := []mesh.Binding{
			mesh.Pinned("1-29-1"),
			mesh.Pinned("1-31-0"),
			mesh.Pinned("prod"),
			{Injection: mesh.Label{Set: true, Value: "enabled"}},
		}[r.IntN(4)]
		binding.SimulateLabels(&w, step.Step{Subject: step.Subject(ns), To: to.String()})
		return w, "relabel " + ns + " " + to.String()
	case 1: // somebody restarts
		wl := w.In(ns)[r.IntN(3)]
		strategy.SimulateRestart(&w, step.Target{Run: wl.RestartAnnotation.Run}, step.Step{Subject: step.Subject(wl.Ref())}, noon)
		return w, string("restart " + wl.Ref())
	case 2: // a team deletes a workload
		wl := w.In(ns)[0]
		w.Workloads = slices.DeleteFunc(w.Workloads, func(x mesh.Workload) bool { return x.Ref() == wl.Ref() })
		return w, string("delete " + wl.Ref())
	case 3: // or deploys one
		wl := workload(mesh.Deployment, ns, "new", 1)
		w.Workloads = append(w.Workloads, wl)
		strategy.SimulateRestart(&w, step.Target{}, step.Step{Subject: step.Subject(wl.Ref())}, noon)
		w.Sort()
		return w, string("deploy " + wl.Ref())
	default: // or scales it
		for i, wl := range w.Workloads {
			if wl.Namespace == ns {
				w.Workloads[i].Replicas, w.Workloads[i].Pods = 1, wl.Pods[:1]
				return w, string("scale " + wl.Ref())
			}
		}
	}
	return w, ""
}

// withRevision returns the World with one more revision, installed and ready.
func withRevision(w mesh.World, name, version string) mesh.World {
	addRevision(&w, name, version)
	return w
}
