// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/report/format"
)

// planes says in plain words what is wrong with control planes, webhooks, tags
// and the namespaces' own labels.
func planes(w mesh.World) []string {
	found := []string{}
	say := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	for _, r := range w.Revisions {
		missing(r, say)
	}
	for _, t := range w.Tags {
		if !exists(w, t.Revision) {
			say("tag %s points to revision %s, which is not there", t.Name, t.Revision)
		}
	}
	for _, h := range w.Webhooks {
		hook(w, h, say)
	}
	for _, ns := range w.Namespaces {
		space(w, ns, say)
	}
	return found
}

func missing(r mesh.Revision, say sayer) {
	for _, m := range r.Missing {
		say("revision %s has no %s", r.Name, m)
	}
	if r.Ready < r.Replicas {
		say("revision %s: %d of %s ready", r.Name, r.Ready, format.Count(r.Replicas, "istiod"))
	}
	for _, i := range r.Istiods {
		if !i.Answers() {
			say("istiod %s does not say which proxies it serves: %s", i.Pod, i.NoAnswer)
		}
		if i.PortClosed != "" {
			say("istiod %s shows proxies no certificate: %s", i.Pod, i.PortClosed)
		}
		if i.CertificateNotValid != "" {
			say("istiod %s shows proxies a certificate that is %s", i.Pod, i.CertificateNotValid)
		}
		if i.ForeignRoot != "" {
			say("istiod %s shows proxies a certificate of another root than the mesh's: %s", i.Pod, i.ForeignRoot)
		}
	}
}

func hook(w mesh.World, h mesh.Webhook, say sayer) {
	name := h.Configuration + " (" + h.Name + ")"
	if len(h.Roots) == 0 {
		say("webhook %s has no certificate: pods that it selects cannot be created", name)
		return
	}
	if len(w.Roots) > 0 && !slices.ContainsFunc(h.Roots, func(f string) bool { return slices.Contains(w.Roots, f) }) {
		say("webhook %s trusts another root than the mesh", name)
	}
}

func space(w mesh.World, ns mesh.Namespace, say sayer) {
	b := ns.Binding()
	if b.Injection.Set && b.Revision.Set {
		say("namespace %s bears both %s=%s and %s=%s: the first decides", ns.Name,
			mesh.InjectionLabel, b.Injection.Value, mesh.RevisionLabel, b.Revision.Value)
	}
	if a := askOf(w, ns, mesh.Template{}); a.Value != "" && a.Revision == "" {
		say("namespace %s: %s names %s, which nobody serves", ns.Name, a.Label, a.Value)
	}
}
