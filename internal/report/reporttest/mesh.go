// SPDX-License-Identifier: Apache-2.0

// Package reporttest has meshes and runs for the tests of the reports.
package reporttest

import (
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

// Noon is when the runs begin.
var Noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// Mesh returns a small mesh without problems, all of it on revision 1-29-1.
func Mesh() mesh.World {
	w := mesh.World{RootNamespace: "istio-system", CRDInstalled: true, Roots: []string{"root"}}
	w.Revisions = []mesh.Revision{ControlPlane("1-29-1", "1.29.1")}
	w.Tags = []mesh.Tag{{Name: "default", Revision: "1-29-1"}}
	w.Webhooks = append(Webhooks("1-29-1", ""), Webhooks("1-29-1", "default")...)
	w.Namespaces = []mesh.Namespace{
		{Name: "istio-ingress"},
		{Name: "shop-data", Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}},
		{Name: "shop-web", Labels: map[string]string{mesh.InjectionLabel: "enabled"}},
	}
	Add(&w, mesh.Workload{Kind: mesh.Deployment, Namespace: "shop-web", Name: "web"}, 2, "1-29-1", "1.29.1")
	Add(&w, mesh.Workload{Kind: mesh.Deployment, Namespace: "shop-web", Name: "cart", Template: mesh.Template{
		Containers: []mesh.Container{{Name: "app", PreStop: false}}}}, 2, "1-29-1", "1.29.1")
	Add(&w, mesh.Workload{Kind: mesh.StatefulSet, Namespace: "shop-data", Name: "db"}, 3, "1-29-1", "1.29.1")
	Add(&w, mesh.Workload{Kind: mesh.Deployment, Namespace: "istio-ingress", Name: "gateway", Gateway: true,
		Template: mesh.Template{Proxy: true, Labels: map[string]string{mesh.SidecarLabel: "false"}}}, 2, "1-29-1", "1.29.1")
	w.Sort()
	return w
}

// Hops are those from the gateway of Mesh.
var Hops = []mesh.Hop{
	{From: "Deployment istio-ingress/gateway", To: "Deployment shop-web/cart"},
	{From: "Deployment istio-ingress/gateway", To: "Deployment shop-web/web"},
}

// ControlPlane returns a ready control plane with one istiod.
func ControlPlane(revision, version string) mesh.Revision {
	istiod := mesh.Istiod{Pod: istiodOf(revision), Ready: true, Version: version}
	return mesh.Revision{Name: revision, Version: version, Replicas: 1, Ready: 1, Istiods: []mesh.Istiod{istiod}}
}

func istiodOf(revision string) string { return "istiod-" + revision + "-6c9f-x2v" }

// Webhooks returns the webhooks that Istio installs for a revision, or for a tag of it.
func Webhooks(revision, tag string) []mesh.Webhook {
	value, name := revision, "istio-sidecar-injector-"+revision
	if tag != "" {
		value, name = tag, "istio-revision-tag-"+tag
	}
	h := mesh.Webhook{Configuration: name, Revision: revision, Tag: tag, Roots: []string{"root"}}
	none := mesh.Requirement{Key: mesh.InjectionLabel, Operator: mesh.DoesNotExist}
	out := mesh.Requirement{Key: mesh.SidecarLabel, Operator: mesh.NotIn, Values: []string{"false"}}
	byRevision := h
	byRevision.Name = "rev.namespace.sidecar-injector.istio.io"
	byRevision.Namespaces = mesh.Selector{none, {Key: mesh.RevisionLabel, Operator: mesh.In, Values: []string{value}}}
	byRevision.Objects = mesh.Selector{out}
	if tag != "default" {
		return []mesh.Webhook{byRevision}
	}
	enabled := h
	enabled.Name = "namespace.sidecar-injector.istio.io"
	enabled.Namespaces = mesh.Selector{{Key: mesh.InjectionLabel, Operator: mesh.In, Values: []string{"enabled"}}}
	enabled.Objects = mesh.Selector{out}
	return []mesh.Webhook{byRevision, enabled}
}

// Add adds a workload with ready pods, all connected to the revision that injected
// them; without a revision they have no sidecar.
func Add(w *mesh.World, wl mesh.Workload, pods int, revision, version string) {
	wl.Replicas, wl.Rollout.Done = pods, true
	wl.Template.Hash = "t1"
	if wl.Template.Containers == nil {
		wl.Template.Containers = []mesh.Container{{Name: "app", PreStop: true}}
	}
	for i := range pods {
		name := fmt.Sprintf("%s-%d", wl.Name, i)
		wl.Pods = append(wl.Pods, mesh.Pod{Name: name, UID: name, Running: true, Ready: true, Current: true,
			Sidecar: mesh.Sidecar{Present: revision != "", Revision: revision, Version: version}})
		if revision != "" {
			w.Proxies = append(w.Proxies, mesh.Proxy{Namespace: wl.Namespace, Pod: name, Router: wl.Gateway, Version: version,
				Istiod: istiodOf(revision), Revision: revision})
		}
	}
	w.Workloads = append(w.Workloads, wl)
}

// Large returns a mesh with n Deployments in namespaces of ten. Of each ten, two have
// no preStop hook, and may lose requests; of each fifty, one is paused, and is not moved.
func Large(n int) mesh.World {
	w := Mesh()
	w.Namespaces, w.Workloads, w.Proxies, w.Tags = nil, nil, nil, nil
	for i := range n {
		name := fmt.Sprintf("team-%04d", i/10)
		if i%10 == 0 {
			w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: name, Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}})
		}
		wl := mesh.Workload{Kind: mesh.Deployment, Namespace: name, Name: fmt.Sprintf("service-%02d", i%10)}
		wl.Template.Containers = []mesh.Container{{Name: "app", PreStop: i%10 > 1}}
		wl.Rollout.Paused = i%50 == 7
		Add(&w, wl, 2, "1-29-1", "1.29.1")
	}
	w.Sort()
	return w
}
