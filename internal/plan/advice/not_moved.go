// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

// notMoved names a workload that the run does not move: a blocker, or an
// exemption. One that never was in the mesh, and would not be, is neither.
func notMoved(wl mesh.Workload, p step.Decision, injected bool) []step.Note {
	n := step.Note{Kind: step.Exemption, Subject: string(wl.Ref()), Text: "is left as it is: " + p.Reason, Evidence: "no sidecar", Remedy: p.Remedy}
	if wl.Injected() {
		n.Evidence = "sidecars of " + strings.Join(wl.Sidecars(), ", ")
	}
	unwritable, _ := binding.TemplateLabelBlocked(wl)
	switch {
	case p.Strategy == step.Blocked && (wl.Injected() || unwritable != "" && injected):
		n.Kind, n.Text = step.Blocker, "is not moved: "+p.Reason
	case wl.Replicas == 0 && len(wl.Live()) == 0 && wl.Kind != mesh.CronJob:
		if !injected {
			return nil
		}
		return []step.Note{{Kind: step.NothingToVerify, Subject: string(wl.Ref()), Text: "has no pods: there is nothing to restart or to prove, and its next pod will be injected by the new revision", Evidence: "wanted 0"}}
	case !wl.Injected() && !injected && !wl.Template.HostNetwork:
		return nil
	case wl.Kind == mesh.CronJob:
		if n.Text, n.Evidence = "needs nothing: "+p.Reason, runningPods(wl); p.Reason == binding.LabelTemplateReason {
			n.Text = "is not restarted: " + p.Reason
		}
	}
	return []step.Note{n}
}

// runningPods names the pods of a CronJob's Jobs that run now.
func runningPods(wl mesh.Workload) string {
	var names []string
	for _, p := range wl.Live() {
		names = append(names, fmt.Sprintf("pod %s with the sidecar of %s", p.Name, p.Sidecar.Revision))
	}
	if len(names) == 0 {
		return "no Job of it runs"
	}
	return strings.Join(names, ", ")
}

// nothingToVerify names the proxies of a namespace that no pod of the cluster stands
// behind: a VM's (WorkloadEntry), or those of a cluster whose control plane this
// is. A pod that has just gone is among them until its istiod has noticed.
func nothingToVerify(w mesh.World, t step.Target, namespace string) []step.Note {
	pods := map[string]bool{}
	for _, wl := range w.In(namespace) {
		for _, p := range wl.Pods {
			pods[p.Name] = true
		}
	}
	var notes []step.Note
	for _, p := range w.Proxies {
		if p.Namespace == namespace && !pods[p.Pod] && p.Revision != t.Revision {
			notes = append(notes, step.Note{Kind: step.Blocker, Subject: "Proxy " + namespace + "/" + p.Pod,
				Text:     "is not moved: no pod stands behind it: a VM's proxy, or one of another cluster",
				Evidence: fmt.Sprintf("connected to istiod %s of %s", p.Istiod, p.Revision),
				Remedy:   "give its machine the files of the new revision (istioctl x workload entry configure --revision " + t.Revision + ") and restart its proxy; or end it"})
		}
	}
	return notes
}
