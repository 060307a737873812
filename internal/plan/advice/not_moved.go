// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

// notMoved notes a workload that the run does not move: a blocker or an exemption. One
// without sidecars now and later is neither.
func notMoved(wl mesh.Workload, p step.Decision, injected bool) []step.Note {
	n := step.Note{
		Kind: step.Exemption, Subject: string(wl.Ref()),
		Text:     "is not moved: " + p.Reason,
		Evidence: "no sidecar", Remedy: p.Remedy,
	}
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
		return []step.Note{
			{
				Kind: step.NothingToVerify, Subject: string(wl.Ref()),
				Text:     "has no pods: nothing is restarted or verified, and its next pod is injected by the new revision",
				Evidence: "wanted 0",
			},
		}
	case !wl.Injected() && !injected && !wl.Template.HostNetwork:
		return nil
	case wl.Kind == mesh.CronJob:
		if n.Text, n.Evidence = "needs no step: "+p.Reason, runningPods(wl); p.Reason == binding.LabelTemplateReason {
			n.Text = "is not restarted: " + p.Reason
		}
	}
	return []step.Note{n}
}

// runningPods names the running pods of a CronJob's Jobs.
func runningPods(wl mesh.Workload) string {
	var names []string
	for _, p := range wl.Live() {
		names = append(names, fmt.Sprintf("pod %s with the sidecar of %s", p.Name, p.Sidecar.Revision))
	}
	if len(names) == 0 {
		return "no running Job"
	}
	return strings.Join(names, ", ")
}

// nothingToVerify notes proxies of a namespace without a pod in this cluster: those of VMs
// (WorkloadEntry) and of other clusters that this control plane serves. A pod that was
// just deleted is among them until its istiod has noticed.
func nothingToVerify(w mesh.World, t step.Target, namespace string) []step.Note {
	pods := map[string]bool{}
	for _, wl := range w.WorkloadsIn(namespace) {
		for _, p := range wl.Pods {
			pods[p.Name] = true
		}
	}
	var notes []step.Note
	for _, p := range w.Proxies {
		if p.Namespace == namespace && !pods[p.Pod] && p.Revision != t.Revision {
			notes = append(notes, step.Note{Kind: step.Blocker, Subject: "Proxy " + namespace + "/" + p.Pod,
				Text:     "is not moved: it is no pod of this cluster, but a VM's proxy or one of another cluster",
				Evidence: fmt.Sprintf("connected to istiod %s of %s", p.Istiod, p.Revision),
				Remedy: "configure its machine for the new revision (istioctl x workload entry configure " +
					"--revision " + t.Revision + ") and restart its proxy; or stop it"})
		}
	}
	return notes
}
