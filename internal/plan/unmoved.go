// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// unmoved names a workload that the run does not move: a blocker, or an
// exemption. One that never was in the mesh, and would not be, is neither.
func unmoved(wl mesh.Workload, p Passage, injected bool) []Note {
	n := Note{Kind: Exemption, Subject: wl.Key(), Text: "is left as it is: " + p.Why, Evidence: "no sidecar", Clears: p.Clears}
	if wl.Injected() {
		n.Evidence = "sidecars of " + strings.Join(wl.Sidecars(), ", ")
	}
	unwritable, _ := unpinnable(wl)
	switch {
	case p.Way == Stuck && (wl.Injected() || unwritable != "" && injected):
		n.Kind, n.Text = Blocker, "is not moved: "+p.Why
	case wl.Wanted == 0 && len(wl.Live()) == 0 && wl.Kind != mesh.CronJob:
		if !injected {
			return nil
		}
		return []Note{{Kind: NothingToProve, Subject: wl.Key(), Text: "has no pods: there is nothing to restart or to prove, and its next pod will be injected by the new revision", Evidence: "wanted 0"}}
	case !wl.Injected() && !injected && !wl.Template.HostNetwork:
		return nil
	case wl.Kind == mesh.CronJob:
		if n.Text, n.Evidence = "needs nothing: "+p.Why, running(wl); p.Why == presetWhy {
			n.Text = "is not restarted: " + p.Why
		}
	}
	return []Note{n}
}

// running names the pods of a CronJob's Jobs that run now.
func running(wl mesh.Workload) string {
	var names []string
	for _, p := range wl.Live() {
		names = append(names, fmt.Sprintf("pod %s with the sidecar of %s", p.Name, p.Sidecar.Revision))
	}
	if len(names) == 0 {
		return "no Job of it runs"
	}
	return strings.Join(names, ", ")
}

// podless names the proxies of a namespace that no pod of the cluster stands
// behind: a VM's (WorkloadEntry), or those of a cluster whose control plane this
// is. A pod that has just gone is among them until its istiod has noticed.
func podless(w mesh.World, t Target, namespace string) []Note {
	pods := map[string]bool{}
	for _, wl := range w.In(namespace) {
		for _, p := range wl.Pods {
			pods[p.Name] = true
		}
	}
	var notes []Note
	for _, p := range w.Proxies {
		if p.Namespace == namespace && !pods[p.Pod] && p.Revision != t.Revision {
			notes = append(notes, Note{Kind: Blocker, Subject: "Proxy " + namespace + "/" + p.Pod,
				Text:     "is not moved: no pod stands behind it: a VM's proxy, or one of another cluster",
				Evidence: fmt.Sprintf("connected to istiod %s of %s", p.Istiod, p.Revision),
				Clears:   "give its machine the files of the new revision (istioctl x workload entry configure --revision " + t.Revision + ") and restart its proxy; or end it"})
		}
	}
	return notes
}
