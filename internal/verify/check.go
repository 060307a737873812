// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// Facts are what checks look at. A check reads the fields that it needs; the
// engine fills them in.
type Facts struct {
	World    mesh.World
	Revision string // the revision that is judged, or that the workload should run
	Version  string // the Istio version that the revision should be, "" when any will do

	// For a control plane.
	InUse    bool              // it was when the run began: it is moved away from, or back to
	Sidecars map[string]string // workload key -> revisions of its sidecars when the run began, joined with "+"
	Moved    map[string]bool   // namespaces that the run has bound to the revision, or is about to

	// For a control plane beside the ones that it takes over from.
	Setups mesh.Setups
	Olds   []string // their revisions

	// For a workload.
	Workload    mesh.Workload
	Pending     string            // what a swap of it waits for, "" for nothing
	More        int               // pods that its restart needs beside the present ones
	Services    int               // Services that come with its move: a swap's keeper
	Evicted     bool              // it is moved by eviction: its controller rolls nothing
	Restarted   bool              // it has been restarted, or its pods evicted, as often as a run does
	Back        bool              // towards the baseline: the control plane that is left need not answer
	Certificate *mesh.Certificate // what one of its pods holds; nil when it was not asked
	Silence     string            // why the pod that was asked for its certificate did not answer
	Trusted     []string          // roots that proxies judged others by before the move, where theirs led to another than the mesh's

	// After a removal.
	Attempts []mesh.Attempt // what was tried by dry run
}

// Check is one judgement, as data. Name is its anchor in docs/checks.md.
type Check struct {
	Name        string
	Description string // what is true when it passes, in the indicative
	Hint        string // what to do when it does not
	Judge       func(Facts) (Result, string)
}

// On applies the check to the facts.
func (c Check) On(subject string, f Facts) Verdict {
	v := Verdict{Check: c.Name, Subject: subject}
	if v.Result, v.Reason = c.Judge(f); v.Result != Pass {
		v.Hint = c.Hint
		if c.Name == "rollout-done" && f.Workload.Kind == mesh.StatefulSet {
			v.Hint += ofStatefulSets
		}
	}
	return v
}

// Judge applies checks in order and returns every verdict.
func Judge(checks []Check, subject string, f Facts) []Verdict {
	verdicts := make([]Verdict, 0, len(checks))
	for _, c := range checks {
		verdicts = append(verdicts, c.On(subject, f))
	}
	return verdicts
}

// severity orders results from the best to the worst.
var severity = map[Result]int{Pass: 0, Warn: 1, Wait: 2, Fail: 3}

// Worst returns the verdict that decides: the first one of the worst result. Of
// verdicts that all pass it is one whose reason joins theirs: the evidence.
func Worst(verdicts []Verdict) Verdict {
	var worst Verdict
	var evidence []string
	for i, v := range verdicts {
		if i == 0 || severity[v.Result] > severity[worst.Result] {
			worst = v
		}
		if v.Reason != "" {
			evidence = append(evidence, v.Reason)
		}
	}
	if worst.Result == Pass || worst.Result == Warn {
		worst.Reason = strings.Join(evidence, "; ")
	}
	return worst
}
