// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// Departure are the checks of a revision that is to be taken away: all the
// evidence that nothing holds on to it. Who does is named, and what would clear it.
var Departure = []Check{
	{"removal-only-its-own", "What would be deleted is the revision's own control plane and nothing else: no gateway, no CNI, no tag, no definition, no certificate authority.",
		"This is a fault of Rerig's, or an object with labels that are not its own: look at the object's labels istio.io/rev and operator.istio.io/component.", held(foreign)},
	{"revision-unused", "No pod that lives runs the revision's sidecar or gateway.",
		"Restart what made the pod, or delete it; wait for a Job to end; move a gateway with the release that installed it. Pods that have ended don't count.", held(wearers)},
	{"revision-unnamed", "No namespace, pod template, tag, Gateway, entry of a VM, webhook or configuration names the revision.",
		"Label it with the new revision, or take the label away: `kubectl label KIND NAME istio.io/rev=REVISION --overwrite`; of a workload it is its pod template that is labelled. A tag is moved with `istioctl tag set`; of a VM's entry the VM itself has to be moved first. Configuration with the label is seen by no other control plane: delete what only the old proxies needed.", held(namers)},
	{"revision-unstamped", "No gateway, CNI or ztunnel bears the revision as its own, or points at it.",
		"Upgrade it with the new revision's release, or change its label istio.io/rev and the address of istiod in its environment.", held(stamped)},
	{"revision-unconnected", "Every istiod of the revision says which proxies it serves, and serves none; while its Deployment is there, one says so.",
		"What is named is still connected: a pod that ends, a VM, a proxy outside of the cluster. Move or stop it. An istiod that is silent has to answer first; one that is scaled to zero has to run once more (`kubectl scale`): whoever would come back to it shows then.", unconnected},
}

// LeftToOthers is the check of a revision that other hands have to take away.
var LeftToOthers = []Check{
	{"removed-by-others", "What somebody else keeps there is gone.",
		"Take the revision out of what keeps it (the IstioRevision, the repository that is synchronised; of a Helm release that holds more than it the values, so that `helm upgrade` takes it away): everything else is ready for that, and the run goes on when it is gone.", left},
}

func left(f Facts) (Result, string) {
	for _, b := range f.World.Own(f.Revision) {
		if b.Hands != "" {
			return Wait, fmt.Sprintf("%s is kept by %s, which has to take it away", b.Subject(), b.Hands)
		}
	}
	return Pass, "nothing is left of it"
}

// Holder is something that keeps a revision from going.
type Holder struct {
	Subject string // "CronJob shop/report"
	How     string // "its template bears istio.io/rev=1-29-1"
}

// Holders lists who holds on to a revision, without connections.
func Holders(f Facts) []Holder {
	return slices.Concat(foreign(f), wearers(f), namers(f), stamped(f))
}

// held is the judgement of a check that fails when somebody is found.
func held(find func(Facts) []Holder) func(Facts) (Result, string) {
	return func(f Facts) (Result, string) {
		if list := find(f); len(list) > 0 {
			return Fail, Sentence(f.Revision, list)
		}
		return Pass, ""
	}
}

// Sentence says who holds on to a revision, and how.
func Sentence(revision string, list []Holder) string {
	list = bySubject(list)
	lines, more := make([]string, 0, len(list)), ""
	for _, h := range list {
		lines = append(lines, h.Subject+": "+h.How)
	}
	if len(lines) > most {
		lines, more = lines[:most], fmt.Sprintf("; and %d more", len(list)-most)
	}
	return fmt.Sprintf("revision %s cannot go: %s%s", revision, strings.Join(lines, "; "), more)
}

// bySubject has each subject once, with all the ways in which it holds on.
func bySubject(list []Holder) []Holder {
	var merged []Holder
	for _, h := range list {
		i := slices.IndexFunc(merged, func(m Holder) bool { return m.Subject == h.Subject })
		if i < 0 {
			merged = append(merged, h)
			continue
		}
		merged[i].How += ", " + h.How
	}
	return merged
}

// unrevisioned is how Istio calls the control plane without a revision, whose
// objects have no name of it.
const unrevisioned = "default"

// most is how many holders one verdict names.
const most = 8

// never are objects that are of every revision, whatever labels they bear.
var never = []string{"cacerts", "istio-ca-secret", "istio-ca-root-cert"}

func foreign(f Facts) []Holder {
	var list []Holder
	for _, b := range f.World.Own(f.Revision) {
		switch {
		case b.Kind == "CustomResourceDefinition", b.Kind == "Namespace", b.Kind == "DaemonSet", slices.Contains(never, b.Name):
			list = append(list, Holder{b.Subject(), "it is of every revision"})
		case b.Component != "Pilot" && b.Component != "HelmRelease":
			list = append(list, Holder{b.Subject(), fmt.Sprintf("it is of component %q, not of the control plane", b.Component)})
		}
	}
	return list
}

func wearers(f Facts) []Holder {
	var list []Holder
	for _, wl := range f.World.Workloads {
		for _, p := range wl.Live() {
			if how := wears(f, wl.Namespace, p); how != "" {
				list = append(list, Holder{wl.Key(), how})
				break
			}
		}
	}
	return list
}

// wears says how a pod runs the revision's proxy, "" when it does not. One that
// does not say whose it is may be of this revision, unless another's istiod serves
// it.
func wears(f Facts, namespace string, p mesh.Pod) string {
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
	return fmt.Sprintf("pod %s carries a proxy that does not say of which revision it is, and no other revision serves it", p.Name)
}

func namers(f Facts) []Holder {
	var list []Holder
	add := func(subject, how string, rest ...any) {
		list = append(list, Holder{subject, fmt.Sprintf(how, rest...)})
	}
	w, name := f.World, f.Revision
	for _, t := range w.Tags {
		switch {
		case t.Revision == name:
			add("tag "+t.Name, "it points to the revision")
		case t.Service == name:
			add("tag "+t.Name, "its Service leads to the revision")
		}
	}
	for _, ns := range w.Namespaces {
		switch value, ok := ns.Labels[mesh.RevisionLabel]; {
		case ok && w.Names(value, name):
			add("Namespace "+ns.Name, "label %s=%s", mesh.RevisionLabel, value)
		case slices.Contains(w.Injectors(ns, mesh.Template{}), name):
			add("Namespace "+ns.Name, "the revision's webhook injects its pods")
		}
	}
	for _, wl := range w.Workloads {
		switch value, ok := wl.Template.Labels[mesh.RevisionLabel]; {
		case ok && w.Names(value, name):
			add(wl.Key(), "its template bears %s=%s", mesh.RevisionLabel, value)
		case w.InjectsAlone(wl, name):
			add(wl.Key(), "the revision's webhook injects its pods")
		}
	}
	for _, c := range w.Claims {
		if w.Claimed(c, name) {
			add(c.Subject, "%s", c.By)
		}
	}
	service := w.RootNamespace + "/istiod"
	if name != unrevisioned {
		service += "-" + name
	}
	for _, h := range w.Webhooks {
		if h.Service == service && h.Revision != name {
			add("MutatingWebhookConfiguration "+h.Configuration, "it calls Service %s", service)
		}
	}
	return list
}

func stamped(f Facts) []Holder {
	var list []Holder
	for _, b := range f.World.Belongings {
		if b.Revision == f.Revision && b.Shared && (b.Kind == "Deployment" || b.Kind == "DaemonSet") {
			list = append(list, Holder{b.Subject(), fmt.Sprintf("it bears %s=%s (component %s)", mesh.RevisionLabel, b.Revision, b.Component)})
		}
	}
	return list
}

// unconnected waits: a proxy that has just ended is served for some seconds more.
func unconnected(f Facts) (Result, string) {
	r, _ := f.World.Revision(f.Revision)
	for _, i := range r.Istiods {
		if !i.Answers() {
			return Wait, fmt.Sprintf("istiod %s does not say which proxies it serves: %s", i.Pod, i.Silence)
		}
	}
	if deployed(f) && len(r.Istiods) == 0 {
		return Wait, fmt.Sprintf("no istiod of %s runs, so that nobody says who would be connected to it", f.Revision)
	}
	var names []string
	for _, p := range f.World.Proxies {
		if p.Revision == f.Revision {
			names = append(names, p.Namespace+"/"+p.Pod)
		}
	}
	if len(names) > 0 {
		return Wait, fmt.Sprintf("revision %s still serves %d proxies: %s", f.Revision, len(names), strings.Join(names[:min(most, len(names))], ", "))
	}
	return Pass, fmt.Sprintf("%d istiods of %s serve nobody", len(r.Istiods), f.Revision)
}

// deployed reports whether the revision's istiod could run: its Deployment goes
// before the rest of it.
func deployed(f Facts) bool {
	return slices.ContainsFunc(f.World.Own(f.Revision), func(b mesh.Belonging) bool { return b.Kind == "Deployment" })
}
