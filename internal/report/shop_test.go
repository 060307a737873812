// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// shop is a small mesh in good order, all of it on 1-29-1.
func shop() mesh.World {
	w := mesh.World{RootNamespace: "istio-system", CRDInstalled: true, Roots: []string{"root"}}
	w.Revisions = []mesh.Revision{plane("1-29-1", "1.29.1")}
	w.Tags = []mesh.Tag{{Name: "default", Revision: "1-29-1"}}
	w.Webhooks = append(hooks("1-29-1", ""), hooks("1-29-1", "default")...)
	w.Namespaces = []mesh.Namespace{
		{Name: "istio-ingress"},
		{Name: "shop-data", Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}},
		{Name: "shop-web", Labels: map[string]string{mesh.InjectionLabel: "enabled"}},
	}
	add(&w, mesh.Workload{Kind: mesh.Deployment, Namespace: "shop-web", Name: "web"}, 2, "1-29-1", "1.29.1")
	add(&w, mesh.Workload{Kind: mesh.Deployment, Namespace: "shop-web", Name: "cart", Template: mesh.Template{
		Containers: []mesh.Container{{Name: "app", PreStop: false}}}}, 2, "1-29-1", "1.29.1")
	add(&w, mesh.Workload{Kind: mesh.StatefulSet, Namespace: "shop-data", Name: "db"}, 3, "1-29-1", "1.29.1")
	add(&w, mesh.Workload{Kind: mesh.Deployment, Namespace: "istio-ingress", Name: "gateway", Gateway: true,
		Template: mesh.Template{Proxy: true, Labels: map[string]string{mesh.SidecarLabel: "false"}}}, 2, "1-29-1", "1.29.1")
	w.Sort()
	return w
}

func plane(revision, version string) mesh.Revision {
	return mesh.Revision{Name: revision, Version: version, Replicas: 1, Ready: 1, Istiods: []mesh.Istiod{
		{Pod: "istiod-" + revision + "-6c9f-x2v", Ready: true, Version: version}}}
}

// hooks are the webhooks that Istio installs for a revision, or for a tag of it.
func hooks(revision, tag string) []mesh.Webhook {
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

// add puts a workload with ready pods into the world, all served by the
// revision that injected them.
func add(w *mesh.World, wl mesh.Workload, pods int, revision, version string) {
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
				Istiod: "istiod-" + revision + "-6c9f-x2v", Revision: revision})
		}
	}
	w.Workloads = append(w.Workloads, wl)
}
