// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/report/format"
)

// findings describes problems of control planes, webhooks, tags and labels of
// namespaces.
func findings(w mesh.World) []string {
	list := []string{}
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	for _, r := range w.Revisions {
		controlPlaneFindings(r, add)
	}
	for _, t := range w.Tags {
		if !exists(w, t.Revision) {
			add("tag %s refers to revision %s, which does not exist", t.Name, t.Revision)
		}
	}
	for _, g := range w.Contested {
		contestedFinding(g, add)
	}
	for _, h := range w.Webhooks {
		webhookFindings(w, h, add)
	}
	for _, ns := range w.Namespaces {
		namespaceFindings(w, ns, add)
	}
	return list
}

func controlPlaneFindings(r mesh.Revision, add adder) {
	for _, m := range r.Missing {
		add("revision %s has no %s", r.Name, m)
	}
	if r.Ready < r.Replicas {
		add("revision %s: %d of %s ready", r.Name, r.Ready, format.Count(r.Replicas, "istiod"))
	}
	for _, i := range r.Istiods {
		if !i.Answers() {
			add("istiod %s does not report its proxies: %s", i.Pod, i.NoAnswer)
		}
		if i.PortClosed != "" {
			add("istiod %s presents no certificate to proxies: %s", i.Pod, i.PortClosed)
		}
		if i.CertificateNotValid != "" {
			add("istiod %s presents a certificate to proxies that is %s", i.Pod, i.CertificateNotValid)
		}
		if i.ForeignRoot != "" {
			add("istiod %s presents a certificate of another trust root than the mesh: %s", i.Pod, i.ForeignRoot)
		}
		if problem := cmp.Or(i.WebhookNameNotValid, i.WebhookNotTrusted); problem != "" {
			add("the injection webhooks of istiod %s cannot be called: %s", i.Pod, problem)
		}
	}
}

func contestedFinding(g mesh.ContestedGateway, add adder) {
	unless := ""
	if g.Unread != "" {
		unless = " unless its own label names one of them (" + g.Unread + ")"
	}
	add("%s is claimed by %s%s: each re-creates its pods in turn; %s", g, strings.Join(g.Revisions, " and "), unless,
		advice.OneClaim([]mesh.ContestedGateway{g}, g.Revisions[0]))
}

func webhookFindings(w mesh.World, h mesh.Webhook, add adder) {
	name := h.Configuration + " (" + h.Name + ")"
	if len(h.Roots) == 0 {
		add("webhook %s has no CA certificate: pods that it selects cannot be created", name)
		return
	}
	if len(w.Roots) > 0 && !slices.ContainsFunc(h.Roots, func(f string) bool { return slices.Contains(w.Roots, f) }) {
		add("webhook %s has another trust root than the mesh", name)
	}
}

func namespaceFindings(w mesh.World, ns mesh.Namespace, add adder) {
	if ns.Mesh != "" {
		return
	}
	if others := w.InjectedByOthers(ns, mesh.Template{}); len(others) > 0 {
		add("namespace %s: the webhooks of two meshes inject new pods: those of this one, and those that call the istiod in namespace %s",
			ns.Name, strings.Join(others, ", "))
	}
	b := ns.Binding()
	if b.Injection.Set && b.Revision.Set {
		add("namespace %s has both labels %s=%s and %s=%s: the first decides", ns.Name,
			mesh.InjectionLabel, b.Injection.Value, mesh.RevisionLabel, b.Revision.Value)
	}
	if a := selectedRevision(w, ns, mesh.Template{}); a.Value != "" && a.Revision == "" {
		add("namespace %s: %s selects %s, which no control plane serves", ns.Name, strings.TrimPrefix(a.Label, "namespace "), a.Value)
	}
}
