// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// Removal are the checks of a revision before it is removed: nothing may still use
// it. A reason names what does.
var Removal = []Check{
	{
		Name: "removal-scope",
		Description: "The removal deletes only the revision's own control plane: " +
			"no gateway, CNI, tag, CRD or certificate authority.",
		Hint: "The object has labels of a revision that does not own it, or this is a bug in Rerig. " +
			"Look at its labels istio.io/rev and operator.istio.io/component.",
		Evaluate: noReferences(outsideScope),
	},
	{
		Name:        "revision-unused",
		Description: "No running pod uses the revision's sidecar or gateway.",
		Hint: "Restart what created the pod, or delete the pod. Wait for a Job to finish. " +
			"A restart does not move a gateway whose template has the proxy: name it in a rule (--workload 'Deployment " +
			"NAMESPACE/NAME=held-rollout'), or move it with the tool that installed it. Completed pods don't count.",
		Evaluate: noReferences(podsUsing),
	},
	{
		Name: "revision-unreferenced",
		Description: "No namespace, pod template whose label decides, tag, Gateway, WorkloadEntry, WorkloadGroup, webhook or " +
			"configuration refers to the revision.",
		Hint: "Change or remove the label: `kubectl label KIND NAME istio.io/rev=REVISION --overwrite`; of a workload, label its pod template. " +
			"Move a tag with `istioctl tag set`. Point a webhook configuration at the new revision's Service with `kubectl patch`, or delete it. " +
			"Move a VM before its WorkloadEntry. " +
			"No other control plane reads configuration with the label: delete what only the old proxies needed.",
		Evaluate: noReferences(references),
	},
	{
		Name:        "shared-components-moved",
		Description: "No gateway, CNI or ztunnel has the revision's label or points at it.",
		Hint: "Upgrade it with the new revision's release, " +
			"or change its label istio.io/rev and the istiod address in its environment.",
		Evaluate: noReferences(componentsOf),
	},
	{
		Name:        "revision-unconnected",
		Description: "Every istiod of the revision answers and serves no proxy; while its Deployment exists, at least one is running.",
		Hint: "Move or stop what is still connected: a terminating pod, a VM, or a proxy outside of the cluster. " +
			"An istiod that does not answer must answer first. One that is scaled to zero must run once more (`kubectl scale`), " +
			"to show which proxies would reconnect.",
		Evaluate: unconnected,
	},
}

// ManagedRemoval are the checks of a revision that another tool has to remove.
var ManagedRemoval = []Check{{
	Name:        "managed-objects-removed",
	Description: "The revision's objects that another tool manages are gone.",
	Hint: "Remove the revision in the tool that manages it: the IstioRevision, the Git repository, or the values of the Helm release, " +
		"followed by `helm upgrade`. Nothing else uses the revision. The run continues when the objects are gone.",
	Evaluate: managedObjectsRemoved,
}}

// Reference is something that still uses a revision.
type Reference struct {
	Subject string // "CronJob shop/report"
	Reason  string // "its template has istio.io/rev=1-29-1"
}

// References returns what still uses the revision, connected proxies aside.
func References(f Facts) []Reference {
	return slices.Concat(outsideScope(f), podsUsing(f), references(f), componentsOf(f))
}

// noReferences returns a check that fails if find returns references.
func noReferences(find func(Facts) []Reference) func(Facts) (Result, string) {
	return func(f Facts) (Result, string) {
		if list := find(f); len(list) > 0 {
			return Fail, StillUsed(f.Revision, list)
		}
		return Pass, ""
	}
}

// StillUsed returns the sentence that names what still uses the revision.
func StillUsed(revision string, list []Reference) string {
	list = mergeBySubject(list)
	lines, more := make([]string, 0, len(list)), ""
	for _, r := range list {
		lines = append(lines, r.Subject+": "+r.Reason)
	}
	if len(lines) > maxListed {
		lines, more = lines[:maxListed], fmt.Sprintf("; and %d more", len(list)-maxListed)
	}
	return fmt.Sprintf("revision %s is still used by %s%s", revision, strings.Join(lines, "; "), more)
}

// mergeBySubject returns each subject once, with all of its reasons.
func mergeBySubject(list []Reference) []Reference {
	var merged []Reference
	at := map[string]int{}
	for _, r := range list {
		if i, known := at[r.Subject]; known {
			merged[i].Reason += ", " + r.Reason
			continue
		}
		at[r.Subject] = len(merged)
		merged = append(merged, r)
	}
	return merged
}

// sharedNames are objects of all revisions, whatever labels they have.
var sharedNames = []string{"cacerts", "istio-ca-secret", "istio-ca-root-cert"}

func outsideScope(f Facts) []Reference {
	var list []Reference
	for _, b := range f.World.ComponentsOf(f.Revision) {
		switch {
		case b.Kind == "CustomResourceDefinition", b.Kind == "Namespace", b.Kind == "DaemonSet", slices.Contains(sharedNames, b.Name):
			list = append(list, Reference{b.String(), "it is shared by all revisions"})
		case b.IstioComponent != "Pilot" && b.IstioComponent != "HelmRelease":
			list = append(list, Reference{b.String(), fmt.Sprintf("it is part of component %q, not of the control plane", b.IstioComponent)})
		}
	}
	return list
}

func podsUsing(f Facts) []Reference {
	var list []Reference
	for _, wl := range f.World.Workloads {
		for _, p := range wl.Live() {
			if reason := usedBy(f, wl.Namespace, p); reason != "" {
				list = append(list, Reference{string(wl.Ref()), reason})
				break
			}
		}
	}
	return list
}

// usedBy returns how a pod uses the revision's proxy; "" if it does not. A proxy
// without a revision may be of this one, unless only istiods of others serve it.
func usedBy(f Facts, namespace string, p mesh.Pod) string {
	switch {
	case !p.Sidecar.Present || p.Sidecar.Revision != "" && p.Sidecar.Revision != f.Revision:
		return ""
	case p.Sidecar.Revision == f.Revision:
		return fmt.Sprintf("pod %s runs its proxy", p.Name)
	}
	connections := f.World.Connections(namespace, p.Name)
	if len(connections) > 0 && !slices.ContainsFunc(connections, func(c mesh.Proxy) bool { return c.Revision == f.Revision }) {
		return ""
	}
	return fmt.Sprintf("pod %s has a proxy of an unknown revision, which no other revision serves", p.Name)
}

func references(f Facts) []Reference {
	var list []Reference
	add := func(subject, reason string) { list = append(list, Reference{subject, reason}) }
	w, name := f.World, f.Revision
	for _, t := range w.Tags {
		switch {
		case t.Revision == name:
			add("tag "+t.Name, "it points to the revision")
		case t.Service == name:
			add("tag "+t.Name, "its Service points to the revision")
		}
	}
	for _, ns := range w.Namespaces {
		switch value, ok := ns.Labels[mesh.RevisionLabel]; {
		case ok && w.LabelMeans(value, name):
			add("Namespace "+ns.Name, fmt.Sprintf("label %s=%s", mesh.RevisionLabel, value))
		case slices.Contains(w.Injectors(ns, mesh.Template{}), name):
			add("Namespace "+ns.Name, "the revision's webhook injects its pods")
		}
	}
	for _, wl := range w.Workloads {
		switch {
		case w.TemplateChooses(wl, name):
			add(string(wl.Ref()), wl.TemplateBinding())
		case w.InjectsOnly(wl, name):
			add(string(wl.Ref()), "the revision's webhook injects its pods")
		}
	}
	for _, c := range w.References {
		if w.RefersTo(c, name) {
			add(c.Subject, c.Through+redirection(c, f.Successor))
		}
	}
	service := w.RootNamespace + "/" + mesh.IstiodService(name)
	for _, h := range w.Webhooks {
		if h.Service == service && h.Revision != name && h.Tag != "" {
			add("MutatingWebhookConfiguration "+h.Configuration, "it calls Service "+service)
		}
	}
	return list
}

// redirection returns how to point a webhook configuration at another revision.
func redirection(c mesh.Reference, revision string) string {
	command := c.Redirect(mesh.IstiodService(revision))
	if command == "" || revision == "" {
		return ""
	}
	return fmt.Sprintf("; this points it at revision %s: `%s`", revision, command)
}

func componentsOf(f Facts) []Reference {
	var list []Reference
	for _, b := range f.World.Components {
		if b.Revision == f.Revision && b.Shared && (b.Kind == "Deployment" || b.Kind == "DaemonSet") {
			list = append(list, Reference{b.String(), fmt.Sprintf("it has %s=%s (component %s)", mesh.RevisionLabel, b.Revision, b.IstioComponent)})
		}
	}
	return list
}

func managedObjectsRemoved(f Facts) (Result, string) {
	for _, b := range f.World.ComponentsOf(f.Revision) {
		if b.ManagedBy != "" {
			return Wait, fmt.Sprintf("%s is managed by %s, which has to remove it", b.String(), b.ManagedBy)
		}
	}
	return Pass, "no object of it exists any more"
}

// unconnected waits: istiod lists a proxy for some seconds after its pod has ended.
func unconnected(f Facts) (Result, string) {
	r, _ := f.World.Revision(f.Revision)
	for _, i := range r.Istiods {
		if !i.Answers() {
			return Wait, notReported(i)
		}
	}
	if hasDeployment(f) && len(r.Istiods) == 0 {
		return Wait, fmt.Sprintf("no istiod of revision %s is running, so its connected proxies are unknown", f.Revision)
	}
	var names []string
	for _, p := range f.World.Proxies {
		if p.Revision == f.Revision {
			names = append(names, p.Namespace+"/"+p.Pod)
		}
	}
	if len(names) > 0 {
		return Wait, fmt.Sprintf("revision %s still serves %d proxies: %s",
			f.Revision, len(names), strings.Join(names[:min(maxListed, len(names))], ", "))
	}
	return Pass, fmt.Sprintf("%d istiods of revision %s serve no proxy", len(r.Istiods), f.Revision)
}

// hasDeployment reports whether the revision's istiod Deployment exists. It is
// deleted before the rest of the revision.
func hasDeployment(f Facts) bool {
	return slices.ContainsFunc(f.World.ComponentsOf(f.Revision), func(b mesh.Component) bool { return b.Kind == "Deployment" })
}
