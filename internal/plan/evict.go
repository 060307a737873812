// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// evictions are the pods that keep a StatefulSet from being put back: with
// ordered pods its controller waits for a pod that never became ready, and never
// replaces it, whatever the newest template is ("Forced rollback" in the
// Kubernetes documentation of StatefulSets). Such a pod serves nobody.
func evictions(w mesh.World, t Target, g Group) []Step {
	if !t.Back {
		return nil
	}
	var steps []Step
	for _, name := range g.Namespaces {
		for _, wl := range w.In(name) {
			if wl.Kind != mesh.StatefulSet || wl.Stamp.Run != t.Run || !t.Policy.Passage(wl).Moves() {
				continue
			}
			for _, p := range wl.Live() {
				if !p.Ready && p.Sidecar.Present && p.Sidecar.Revision != t.Want(wl) {
					steps = append(steps, Step{Kind: Evict, Wave: g.Wave, Subject: wl.Key(), From: p.Name + " " + p.UID, To: t.Want(wl)})
				}
			}
		}
	}
	return steps
}

// evict renders the end of a pod. The API server honours disruption budgets in
// it, and by the UID spares a later pod of the same name.
func evict(s Step) (Change, error) {
	_, name, _ := strings.Cut(s.Subject, " ")
	namespace, _, ok := strings.Cut(name, "/")
	pod, uid, ok2 := strings.Cut(s.From, " ")
	if !ok || !ok2 {
		return Change{}, fault(s, "%q of %q is no pod of a workload", s.From, s.Subject)
	}
	return Change{Verb: End, Kind: "Pod", Namespace: namespace, Name: pod, Expect: uid}, nil
}

// evictionCovered reports whether an eviction was agreed to with another step: whoever agreed
// to a workload's restart agreed to the end of those of its pods that serve
// nobody and are in the way. Which these are changes from look to look.
func evictionCovered(s, a Step) bool {
	return s.Kind == Evict && a.Kind == Restart && a.Wave == s.Wave && a.Subject == s.Subject && a.To == s.To
}
