// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// Rolled are the checks of a workload that has just been restarted, by what the
// cluster and the istiods say. Proof adds what its own proxy says.
var Rolled = []Check{
	{"rollout-done", "The workload's controller has replaced every pod, and all are available.",
		"Look at the pod named above: its events, its containers' logs.", rolledOut},
	{"pods-running", "At least the wanted number of pods run.",
		"Look at the workload's events: quota, room on the nodes, an image that cannot be pulled.", running},
	{"sidecar-revision", "Every running pod carries the wanted revision's sidecar.",
		"Something pins the sidecar (a label, an annotation, another webhook): compare the pod with what `kubectl get mutatingwebhookconfigurations` selects.", carries},
	{"istiods-answer", "Every istiod says which proxies it serves: without that nobody knows that none is connected elsewhere.",
		"Look at the istiod's log and readiness.", allAnswer},
	{"configuration-accepted", "No proxy has refused what its istiod sent.",
		"The proxy's words are above: look for an EnvoyFilter or a resource that this Istio version turns into something the proxy refuses.", accepted},
	{"proxy-connected", "An istiod of the wanted revision says that it serves each pod's proxy, and no other revision's does.",
		"Look at the istio-proxy container's log of the pod named above; see that istiod's Service is reachable from there.", connected},
	{"configuration-acknowledged", "Each proxy has acknowledged the newest of every type that it was sent.",
		"A proxy that stays behind is overloaded or cut off: look at its log.", acknowledged},
}

// Before are the checks of a workload that is about to be restarted.
var Before = []Check{
	{"room-for-surge", "Quota and nodes have room for the pods that the restart, or the swap, needs beside the present ones, and for a swap's keeper.",
		"Raise the quota, add a node, or scale something down. Nothing more of it is begun before.", roomy},
}

// ofStatefulSets is what there is to know beside the hint of rollout-done.
const ofStatefulSets = " A StatefulSet does not replace a pod that never got ready; the way back evicts it."

func roomy(f Facts) (Result, string) {
	keeper := mesh.Demand{Services: f.Services}
	if lack := cmp.Or(f.World.Lacks(f.Workload, f.More), f.World.Overdraws(f.Workload.Namespace, "its swap takes", keeper)); lack != "" {
		return Wait, "nothing more of it is begun: " + lack
	}
	return Pass, ""
}

// Proof are all the checks of a workload.
var Proof = append(append(slices.Clone(Rolled), versioned), Check{
	"certificate-chains", "The certificate that a proxy of the workload holds chains to the mesh's root, or to one that proxies trusted before the move where theirs led to another.",
	"mTLS fails with this certificate: compare the CA of both revisions, and look at the proxy's log for what it says of its certificate. Where the mesh is meant to speak no mTLS (PeerAuthentication DISABLE) there is none to hold.", chains})

func rolledOut(f Facts) (Result, string) {
	r := f.Workload.Rollout
	if f.Evicted {
		return replaced(f.Workload)
	}
	if r.Done {
		return Pass, ""
	}
	for _, p := range f.Workload.Live() {
		if p.Trouble != "" && p.Current {
			return Wait, fmt.Sprintf("pod %s: %s", p.Name, p.Trouble)
		}
	}
	return Wait, "its rollout is not done: " + r.Message
}

// replaced judges pods that are evicted one after the other by themselves: of
// which template they are is their controller's business.
func replaced(wl mesh.Workload) (Result, string) {
	ready := 0
	for _, p := range wl.Pods {
		switch {
		case p.Terminating:
			return Wait, fmt.Sprintf("pod %s is on its way out", p.Name)
		case !p.Ready:
			return Wait, fmt.Sprintf("pod %s is not ready: %s", p.Name, p.Trouble)
		}
		ready++
	}
	if ready < wl.Wanted {
		return Wait, fmt.Sprintf("%d of %d pods are there%s", ready, wl.Wanted, after(": ", wl.Rollout.Message))
	}
	return Pass, ""
}

func after(separator, text string) string {
	if text == "" {
		return ""
	}
	return separator + text
}

// live returns the running pods of the workload that nobody has asked to end.
func live(f Facts) []mesh.Pod {
	return slices.DeleteFunc(f.Workload.Live(), func(p mesh.Pod) bool { return !p.Running })
}

func running(f Facts) (Result, string) {
	n := len(live(f))
	if n < f.Workload.Wanted || n == 0 {
		return Wait, fmt.Sprintf("%d of %d pods run", n, f.Workload.Wanted)
	}
	return Pass, fmt.Sprintf("%d of %d pods run", n, f.Workload.Wanted)
}

func carries(f Facts) (Result, string) {
	for _, p := range live(f) {
		if p.Sidecar.Present && p.Sidecar.Revision == f.Revision {
			continue
		}
		has := "no sidecar"
		if p.Sidecar.Present {
			has = "a sidecar of " + p.Sidecar.Revision
		}
		reason := fmt.Sprintf("pod %s carries %s, not of %s%s", p.Name, has, f.Revision, keeping(f.Workload.Rollout))
		if p.Current && f.Restarted {
			return Fail, reason + ", though it was restarted"
		}
		return Wait, reason
	}
	return Pass, "all carry " + f.Revision
}

// keeping says what makes a workload keep its old pods.
func keeping(r mesh.Rollout) string {
	switch {
	case r.Paused:
		return ": its rollouts are paused: resume them with `kubectl rollout resume`"
	case r.Manual:
		return ": its update strategy (OnDelete, or a partition) keeps old pods"
	}
	return ""
}

func allAnswer(f Facts) (Result, string) {
	for _, r := range f.World.Revisions {
		for _, i := range r.Istiods {
			if !i.Answers() && (r.Name == f.Revision || !f.Back) {
				return Wait, fmt.Sprintf("istiod %s (%s) does not say which proxies it serves: %s", i.Pod, r.Name, i.Silence)
			}
		}
	}
	return Pass, ""
}

// accepted looks at pods that do not run yet as well: a native sidecar that has
// refused its listeners keeps its pod from running.
func accepted(f Facts) (Result, string) {
	for _, p := range f.Workload.Live() {
		for _, c := range f.World.Connections(f.Workload.Namespace, p.Name) {
			if len(c.Rejected) > 0 && c.Revision == f.Revision {
				return Fail, fmt.Sprintf("the proxy of pod %s refused the %s that istiod %s sent: %s", p.Name, c.Rejected[0].Type, c.Istiod, c.Rejected[0].Reason)
			}
		}
	}
	return Pass, "nothing refused"
}

func connected(f Facts) (Result, string) {
	istiods := map[string]bool{}
	for _, p := range live(f) {
		here := false
		for _, c := range f.World.Connections(f.Workload.Namespace, p.Name) {
			if c.Revision != f.Revision {
				return Wait, fmt.Sprintf("the proxy of pod %s is connected to istiod %s of %s", p.Name, c.Istiod, c.Revision)
			}
			here, istiods[c.Istiod] = true, true
		}
		if !here {
			return Wait, fmt.Sprintf("no istiod of %s serves the proxy of pod %s", f.Revision, p.Name)
		}
	}
	names := make([]string, 0, len(istiods))
	for name := range istiods {
		names = append(names, name)
	}
	slices.Sort(names)
	return Pass, "served by " + strings.Join(names, ", ")
}

func acknowledged(f Facts) (Result, string) {
	for _, p := range live(f) {
		for _, c := range f.World.Connections(f.Workload.Namespace, p.Name) {
			if len(c.Unacked) > 0 {
				return Wait, fmt.Sprintf("the proxy of pod %s has not acknowledged the newest %s of istiod %s", p.Name, strings.Join(c.Unacked, ", "), c.Istiod)
			}
			for _, t := range always {
				if !slices.Contains(c.Sent, t) {
					return Wait, fmt.Sprintf("the proxy of pod %s has not been sent its %s by istiod %s", p.Name, t, c.Istiod)
				}
			}
		}
	}
	return Pass, "everything acknowledged"
}

// always are the types that no proxy goes without.
var always = []string{"CDS", "LDS"}

func chains(f Facts) (Result, string) {
	switch c := f.Certificate; {
	case c == nil && f.Silence != "":
		return Wait, "the proxy did not show its certificate: " + f.Silence
	case c == nil:
		return Wait, "no proxy was asked for its certificate"
	case c.Unasked:
		return Warn, fmt.Sprintf("the proxy of pod %s holds no certificate of the mesh and asks for none: no listener or cluster of it speaks mTLS", c.Pod)
	case !c.Chains && slices.ContainsFunc(c.Leads, func(r string) bool { return slices.Contains(f.Trusted, r) }):
		return Pass, fmt.Sprintf("%s holds %s, of an authority that proxies trusted before the move", c.Pod, c.Identity)
	case c.Early:
		return Wait, fmt.Sprintf("the certificate of pod %s is %s", c.Pod, c.Problem)
	case !c.Chains:
		return Fail, fmt.Sprintf("the certificate of pod %s does not chain to the mesh's root: %s", c.Pod, c.Problem)
	default:
		return Pass, fmt.Sprintf("%s holds %s", c.Pod, c.Identity)
	}
}
