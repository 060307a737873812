// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/report/format"
)

// disagreements describes where the four sources of a workload's revision differ.
func disagreements(w mesh.World, wl mesh.Workload, t WorkloadState) []string {
	if wl.Template.HostNetwork {
		return nil
	}
	var list []string
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	labelFindings(t, add)
	if !wl.Template.Proxy {
		sidecarFindings(t, add)
	}
	connectionFindings(w, wl, t, add)
	return list
}

// adder adds a formatted finding to a list.
type adder func(format string, args ...any)

// labelFindings compares the labels with the live webhooks.
func labelFindings(t WorkloadState, add adder) {
	labels, webhooks := t.Labels, strings.Join(t.Webhooks, " and ")
	if labels.Unused != "" {
		add("%s has no effect: %s decides", labels.Unused, labels.Label)
	}
	switch {
	case labels.Value != "" && labels.Revision == "":
		add("%s selects %s, which no control plane serves: new pods get %s",
			labels.Label, labels.Value, sidecarName(webhooks, "no sidecar, and no error"))
	case len(t.Webhooks) > 1:
		add("the webhooks of %s all inject new pods", webhooks)
	case labels.Revision != webhooks && labels.Revision == "":
		add("the labels select no sidecar, but the webhook of %s injects new pods", webhooks)
	case labels.Revision != webhooks:
		add("%s selects %s, but new pods get %s", labels.Label, labels.Revision, sidecarName(webhooks, "no sidecar"))
	}
}

// sidecarName returns the sidecar that new pods get, or none.
func sidecarName(revisions, none string) string {
	if revisions == "" {
		return none
	}
	return "a sidecar of " + revisions
}

// sidecarFindings compares the live webhooks with the sidecars of the pods.
func sidecarFindings(t WorkloadState, add adder) {
	webhooks := strings.Join(t.Webhooks, " and ")
	for _, c := range t.Sidecars {
		pods, have := format.Count(c.Pods, "pod"), format.Choose(c.Pods, "has", "have")
		switch {
		case slices.Contains(t.Webhooks, c.Revision) || (c.Revision == "" && webhooks == ""):
		case c.Revision == "":
			add("%s %s no sidecar, new pods get one of %s: restart to join the mesh", pods, have, webhooks)
		case webhooks == "":
			add("%s %s a sidecar of %s, new pods get none: the next restart leaves the mesh", pods, have, c.Revision)
		default:
			add("%s %s a sidecar of %s, new pods get %s: the next restart moves it", pods, have, c.Revision, webhooks)
		}
	}
}

// shownPods is how many pods a finding names.
const shownPods = 3

// connectionFindings compares the sidecars with the istiods that they are connected to.
func connectionFindings(w mesh.World, wl mesh.Workload, t WorkloadState, add adder) {
	switch pods := format.List(t.Disconnected, shownPods); {
	case len(t.Disconnected) > 0 && t.Unknown:
		add("connection of %s unknown: an istiod did not answer", pods)
	case len(t.Disconnected) > 0:
		add("no istiod is connected to the proxy of %s", pods)
	}
	for _, p := range wl.Live() {
		links := w.Connections(wl.Namespace, p.Name)
		if len(links) > 1 {
			add("%s is connected to %d istiods", p.Name, len(links))
		}
		for _, l := range links {
			if l.Revision != p.Sidecar.Revision {
				add("%s has a sidecar of %s but is connected to %s of %s", p.Name, cmp.Or(p.Sidecar.Revision, "no revision"), l.Istiod, l.Revision)
			}
		}
	}
	for _, c := range t.Connections {
		if len(c.Rejected) > 0 {
			add("configuration of %s rejected: %s", c.Istiod, format.List(c.Rejected, shownPods))
		}
		if len(c.Unacked) > 0 {
			add("configuration of %s not acknowledged yet: %s", c.Istiod, format.List(c.Unacked, shownPods))
		}
	}
}

// swapRemarks describes what a swap has changed. It is no disagreement: the run that
// did it also ends it.
func swapRemarks(wl mesh.Workload) []string {
	switch pods := swapPods(wl); {
	case pods != "":
		run := cmp.Or(wl.DetachedPods()[0].Swap.Run, "unknown")
		return []string{fmt.Sprintf("a swap is in progress (%s, run %s): the run deletes these pods or reattaches them", pods, run)}
	case wl.Keeper != "":
		return []string{fmt.Sprintf("Service %s is the keeper of a swap without parked pods: its run deletes it", wl.Keeper)}
	}
	return nil
}
