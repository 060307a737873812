// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// SurgeCapacity are the checks of a workload that is about to move.
var SurgeCapacity = []Check{{
	Name:        "surge-capacity",
	Description: "Quota and nodes have capacity for the extra pods of the restart or swap, and for a swap's keeper.",
	Hint:        "Raise the quota, add a node, or scale something down. The run starts no further move of this workload before that.",
	Evaluate:    surgeCapacity,
}}

// WorkloadRollout are the checks of a workload that has moved, by what the API
// server and the istiods report.
var WorkloadRollout = []Check{
	RolloutDone,
	{
		Name:        "pods-running",
		Description: "At least the wanted number of pods is running.",
		Hint:        "Read the workload's events: a quota, full nodes, or an image that cannot be pulled.",
		Evaluate:    podsRunning,
	},
	SidecarRevision,
	{
		Name:        "istiods-answer",
		Description: "Every istiod reports which proxies it serves, so that no proxy is connected elsewhere unnoticed.",
		Hint:        "Read the istiod's log and see why it is not ready.",
		Evaluate:    istiodsAnswer,
	},
	{
		Name:        "configuration-accepted",
		Description: "No proxy has rejected what its istiod sent.",
		Hint: "The proxy's own message is above. " +
			"Look for an EnvoyFilter, or for a resource that this Istio version translates into something the proxy rejects.",
		Evaluate: configurationAccepted,
	},
	{
		Name:        "proxy-connected",
		Description: "Every pod's proxy is connected to an istiod of the wanted revision, and to no other revision.",
		Hint:        "Read the log of the pod's istio-proxy container, and see that it can reach the istiod's Service.",
		Evaluate:    proxyConnected,
	},
	{
		Name:        "configuration-acknowledged",
		Description: "Every proxy has acknowledged the newest configuration of every type that it was sent.",
		Hint:        "A proxy that falls behind is overloaded or disconnected. Read its log.",
		Evaluate:    configurationAcknowledged,
	},
}

// WorkloadVerification adds to WorkloadRollout what the workload's own proxy reports.
var WorkloadVerification = slices.Concat(WorkloadRollout, []Check{proxyVersion, CertificateChain, GatewayFront})

// RolloutDone is also the verdict of an eviction that waits.
var RolloutDone = Check{
	Name:        "rollout-done",
	Description: "The workload's controller has replaced every pod, and all are available.",
	Hint:        "Read the events of the pod, `kubectl describe pods -n NAMESPACE`, and its logs.",
	Evaluate:    rolloutDone,
}

// statefulSetHint is added to the hint of RolloutDone.
const statefulSetHint = " A StatefulSet does not replace a pod that never became ready; a rollback evicts it."

// SidecarRevision is also the verdict before a restart that would inject another revision.
var SidecarRevision = Check{
	Name:        "sidecar-revision",
	Description: "Every running pod has the wanted revision's sidecar.",
	Hint: "A label, an annotation or another webhook selects another sidecar. " +
		"Compare the pod with the selectors of `kubectl get mutatingwebhookconfigurations -o yaml`.",
	Evaluate: sidecarRevision,
}

// CertificateChain needs the certificate of one of the workload's proxies.
var CertificateChain = Check{
	Name: "certificate-chains",
	Description: "The certificate of the workload's proxy chains to the mesh's root, " +
		"or to a root that proxies trusted before the move.",
	Hint: "mTLS fails with this certificate. Compare the CAs of both revisions, and read the proxy's log for certificate errors. " +
		"If the mesh does not use mTLS (PeerAuthentication DISABLE), proxies hold no certificate.",
	Evaluate: certificateChains,
}

func surgeCapacity(f Facts) (Result, string) {
	keeper := mesh.Demand{Services: f.ExtraServices}
	missing := cmp.Or(f.World.Shortage(f.Workload, f.ExtraPods), f.World.OverQuota(f.Workload.Namespace, "its swap takes", keeper))
	if missing != "" {
		return Wait, "not started, capacity is missing: " + missing
	}
	return Pass, ""
}

func rolloutDone(f Facts) (Result, string) {
	r := f.Workload.Rollout
	if f.Evicted {
		return evictedPodsBack(f.Workload)
	}
	if r.Done {
		return Pass, ""
	}
	for _, p := range f.Workload.Live() {
		if p.Problem != "" && p.Current {
			return Wait, fmt.Sprintf("pod %s: %s", p.Name, p.Problem)
		}
	}
	return Wait, "waiting for the rollout: " + r.Message
}

// evictedPodsBack checks the pods of a workload that is moved by eviction. The
// template they are made from is up to their controller.
func evictedPodsBack(wl mesh.Workload) (Result, string) {
	ready := 0
	for _, p := range wl.Pods {
		switch {
		case p.Terminating:
			return Wait, fmt.Sprintf("pod %s is terminating", p.Name)
		case !p.Ready:
			return Wait, fmt.Sprintf("pod %s is not ready: %s", p.Name, p.Problem)
		}
		ready++
	}
	if ready < wl.Replicas {
		reason := fmt.Sprintf("%d/%d pods ready", ready, wl.Replicas)
		if wl.Rollout.Message != "" {
			reason += ": " + wl.Rollout.Message
		}
		return Wait, reason
	}
	return Pass, ""
}

// runningPods returns the workload's running pods that nobody has asked to end.
func runningPods(f Facts) []mesh.Pod {
	return slices.DeleteFunc(f.Workload.Live(), func(p mesh.Pod) bool { return !p.Running })
}

func podsRunning(f Facts) (Result, string) {
	n := len(runningPods(f))
	reason := fmt.Sprintf("%d/%d pods running", n, f.Workload.Replicas)
	if n < f.Workload.Replicas || n == 0 {
		return Wait, reason
	}
	return Pass, reason
}

func sidecarRevision(f Facts) (Result, string) {
	for _, p := range runningPods(f) {
		if p.Sidecar.Present && p.Sidecar.Revision == f.Revision {
			continue
		}
		has := "no sidecar"
		if p.Sidecar.Present {
			has = "a sidecar of " + p.Sidecar.Revision
		}
		reason := fmt.Sprintf("pod %s has %s instead of %s", p.Name, has, f.Revision)
		if p.Current && f.AttemptsUsed {
			return Fail, reason + ", although it was restarted"
		}
		return Wait, reason + oldPodsReason(f.Workload)
	}
	return Pass, "all sidecars of " + f.Revision
}

// oldPodsReason names the setting that makes a workload keep its old pods.
func oldPodsReason(wl mesh.Workload) string {
	switch {
	case wl.Rollout.Paused:
		return ": rollouts are paused; resume them with `" + wl.ResumeCommand() + "`"
	case wl.Rollout.OnDelete:
		return ": its update strategy (OnDelete, or a partition) does not replace old pods"
	}
	return ""
}

// istiodsAnswer asks for every istiod of the mesh; during a rollback only for those
// of the revision that workloads move to.
func istiodsAnswer(f Facts) (Result, string) {
	for _, r := range f.World.Revisions {
		for _, i := range r.Istiods {
			if !i.Answers() && (r.Name == f.Revision || !f.Rollback) {
				return Wait, fmt.Sprintf("istiod %s (%s) does not report which proxies it serves: %s", i.Pod, r.Name, i.NoAnswer)
			}
		}
	}
	return Pass, ""
}

// configurationAccepted includes pods that are not running yet: a native sidecar
// that rejects its listeners keeps its pod from starting.
func configurationAccepted(f Facts) (Result, string) {
	for _, p := range f.Workload.Live() {
		for _, c := range f.World.Connections(f.Workload.Namespace, p.Name) {
			if len(c.Rejected) > 0 && c.Revision == f.Revision {
				return Fail, fmt.Sprintf("the proxy of pod %s rejected the %s from istiod %s: %s",
					p.Name, c.Rejected[0].Type, c.Istiod, c.Rejected[0].Reason)
			}
		}
	}
	return Pass, "no configuration rejected"
}

func proxyConnected(f Facts) (Result, string) {
	istiods := map[string]bool{}
	for _, p := range runningPods(f) {
		connections := f.World.Connections(f.Workload.Namespace, p.Name)
		for _, c := range connections {
			if c.Revision != f.Revision {
				return Wait, fmt.Sprintf("the proxy of pod %s is connected to istiod %s of %s", p.Name, c.Istiod, c.Revision)
			}
			istiods[c.Istiod] = true
		}
		if len(connections) == 0 {
			return Wait, fmt.Sprintf("the proxy of pod %s is connected to no istiod of %s", p.Name, f.Revision)
		}
	}
	return Pass, "connected to " + strings.Join(slices.Sorted(maps.Keys(istiods)), ", ")
}

// requiredTypes are the configuration types that every proxy is sent.
var requiredTypes = []string{"CDS", "LDS"}

func configurationAcknowledged(f Facts) (Result, string) {
	for _, p := range runningPods(f) {
		for _, c := range f.World.Connections(f.Workload.Namespace, p.Name) {
			if len(c.Unacked) > 0 {
				return Wait, fmt.Sprintf("the proxy of pod %s has not acknowledged the newest %s from istiod %s",
					p.Name, strings.Join(c.Unacked, ", "), c.Istiod)
			}
			for _, t := range requiredTypes {
				if !slices.Contains(c.Sent, t) {
					return Wait, fmt.Sprintf("istiod %s has not sent %s to the proxy of pod %s", c.Istiod, t, p.Name)
				}
			}
		}
	}
	return Pass, "all configuration acknowledged"
}

func certificateChains(f Facts) (Result, string) {
	switch c := f.Certificate; {
	case c == nil && f.CertificateError != "":
		return Wait, "the proxy did not return its certificate: " + f.CertificateError
	case c == nil:
		return Wait, "no proxy was asked for its certificate"
	case c.NotNeeded:
		return Warn, fmt.Sprintf("the proxy of pod %s holds no certificate: none of its listeners and clusters uses mTLS", c.Pod)
	case !c.Chains && slices.ContainsFunc(c.ChainRoots, func(r string) bool { return slices.Contains(f.TrustedRoots, r) }):
		return Pass, fmt.Sprintf("certificate of %s: %s, issued by a CA that proxies trusted before the move", c.Pod, c.Identity)
	case c.NotYetValid:
		return Wait, fmt.Sprintf("the certificate of pod %s is %s", c.Pod, c.Problem)
	case !c.Chains:
		return Fail, fmt.Sprintf("the certificate of pod %s does not chain to the mesh's root: %s", c.Pod, c.Problem)
	default:
		return Pass, fmt.Sprintf("certificate of %s: %s", c.Pod, c.Identity)
	}
}
