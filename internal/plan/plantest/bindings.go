// SPDX-License-Identifier: Apache-2.0

package plantest

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// WorldOfAllBindings returns a mesh with all bindings at once: by istio-injection, by a revision,
// by a tag, by the default's tag, by the default, and by the pods' own labels, which name a
// revision, a tag or the default. Each namespace without binding labels also has pods without
// sidecar.
func WorldOfAllBindings() mesh.World {
	w := World()
	w.Webhooks = append(w.Webhooks, mesh.Webhook{
		Configuration: "istio-revision-tag-default", Name: "auto", Revision: "1-29-1", Tag: "default", Roots: []string{"root"},
		Namespaces: mesh.Selector{
			{Key: mesh.RevisionLabel, Operator: mesh.DoesNotExist},
			{Key: mesh.InjectionLabel, Operator: mesh.DoesNotExist},
			{Key: "auto", Operator: mesh.Exists},
		},
		Objects: mesh.Selector{{Key: mesh.SidecarLabel, Operator: mesh.DoesNotExist}, {Key: mesh.RevisionLabel, Operator: mesh.DoesNotExist}}})
	w.Validator = mesh.Validator{Configuration: "istiod-default-validator", Revision: "1-29-1"}
	for i := range w.Tags {
		w.Tags[i].Service = "1-29-1"
	}
	w.Namespaces = append(w.Namespaces,
		mesh.Namespace{Name: "auto", Labels: map[string]string{"auto": "yes"}},
		mesh.Namespace{Name: "default-tag", Labels: map[string]string{mesh.RevisionLabel: "default"}},
		mesh.Namespace{Name: "own", Labels: map[string]string{}})
	w.Workloads = append(w.Workloads, Workload(mesh.Deployment, "auto", "by-default", 2), Workload(mesh.Deployment, "default-tag", "web", 1))
	for name, labels := range map[string]map[string]string{
		"by-revision": {mesh.RevisionLabel: "1-29-1"}, "by-tag": {mesh.RevisionLabel: "prod"}, "by-inject": {mesh.SidecarLabel: "true"},
		"off": {mesh.RevisionLabel: "1-29-1", mesh.SidecarLabel: "false"}, "bare": nil,
	} {
		wl := Workload(mesh.Deployment, "own", name, 2)
		wl.Template.Labels = labels
		if name == "off" || name == "bare" {
			for i := range wl.Pods {
				wl.Pods[i].Sidecar = mesh.Sidecar{}
			}
		}
		w.Workloads = append(w.Workloads, wl)
	}
	w.Sort()
	return w
}

// UntaggedWorld returns a mesh that was installed without a revision: its webhooks serve the
// default and the name "default", and there is no tag.
func UntaggedWorld() mesh.World {
	w := mesh.World{RootNamespace: "istio-system", Roots: []string{"root"}, Validator: mesh.Validator{
		Configuration: "istiod-default-validator",
		Revision:      "default",
	},
		Revisions: []mesh.Revision{
			{Name: "default", Version: "1.29.1", Replicas: 1, Ready: 1, Istiods: []mesh.Istiod{{Pod: "istiod", Ready: true, Build: "1.29.1"}}},
		}}
	for _, h := range Webhooks("default", "default") {
		h.Configuration, h.Tag = "istio-sidecar-injector", ""
		w.Webhooks = append(w.Webhooks, h)
	}
	for ns, labels := range map[string]map[string]string{
		"a":            {mesh.InjectionLabel: "enabled"},
		"b":            {mesh.RevisionLabel: "default"},
		"own":          {},
		"istio-system": {},
	} {
		w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: ns, Labels: labels})
	}
	w.Workloads = []mesh.Workload{
		Workload(mesh.Deployment, "a", "web", 2),
		Workload(mesh.Deployment, "b", "web", 2),
		Workload(mesh.Deployment, "own", "web", 2),
	}
	w.Workloads[2].Template.Labels = map[string]string{mesh.RevisionLabel: "default"}
	for _, wl := range w.Workloads {
		for i := range wl.Pods {
			wl.Pods[i].Sidecar.Revision = "default"
		}
	}
	w.Sort()
	return w
}

// SwappableWorld returns World with Services, so that its Deployments can be swapped.
func SwappableWorld() (mesh.World, step.Intent) {
	w, in := World(), Intent()
	in.Policy.Strategy = step.BySwap
	for i, wl := range w.Workloads {
		if wl.Kind != mesh.Deployment {
			continue
		}
		w.Workloads[i].ReplicaSetHash = "h1"
		w.Workloads[i].Services = []mesh.Service{{Name: wl.Name, Selector: map[string]string{"app": wl.Name}}}
		for j := range wl.Pods {
			wl.Pods[j].HasController = true
		}
	}
	return w, in
}
