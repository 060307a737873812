// SPDX-License-Identifier: Apache-2.0

// Package verify holds the checks as data: facts in, verdicts out. A check that
// fails is a Verdict, not an error. What is not known never passes.
package verify

import (
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// Result is the outcome of a check.
type Result string

const (
	Pass Result = "pass"
	Wait Result = "wait" // not yet: check again until the timeout
	Warn Result = "warn" // the run continues; a person should know
	Fail Result = "fail" // waiting does not help
)

// Verdict is the outcome of one check for one subject.
type Verdict struct {
	Check   string `json:"check"`   // the check's name, which is its heading in docs/reference/checks.md
	Subject string `json:"subject"` // a workload's key, a revision, a namespace
	Result  Result `json:"result"`
	Reason  string `json:"reason"`         // what was found, with names and numbers
	Hint    string `json:"hint,omitempty"` // what to do about it
}

// Check is one check. Name is its heading in docs/reference/checks.md.
type Check struct {
	Name        string
	Description string // what is true when the check passes
	Hint        string // what to do when it does not pass
	Evaluate    func(Facts) (Result, string)
}

// On evaluates the check for a subject. A verdict that passes has no hint.
func (c Check) On(subject string, f Facts) Verdict {
	v := Verdict{Check: c.Name, Subject: subject}
	if v.Result, v.Reason = c.Evaluate(f); v.Result != Pass {
		v.Hint = c.hintOn(f)
		if c.Name == RolloutDone.Name && f.Workload.Kind == mesh.StatefulSet {
			v.Hint += statefulSetHint
		}
	}
	return v
}

// hintOn returns the hint, with the names of what is checked in its commands.
func (c Check) hintOn(f Facts) string {
	hint := c.Hint
	if c.Name == ParkedPodIdle.Name && f.Workload.Gateway {
		hint = gatewayIdleHint
	}
	for _, name := range [][2]string{
		{"-n istio-system", f.World.RootNamespace}, {"-n NAMESPACE", f.Workload.Namespace},
	} {
		if name[1] != "" {
			hint = strings.ReplaceAll(hint, name[0], "-n "+name[1])
		}
	}
	if f.Revision != "" {
		hint = strings.ReplaceAll(hint, "-l "+mesh.RevisionLabel+"=REVISION", "-l "+mesh.RevisionLabel+"="+f.Revision)
	}
	return hint
}

// Evaluate evaluates checks in order and returns every verdict.
func Evaluate(checks []Check, subject string, f Facts) []Verdict {
	verdicts := make([]Verdict, 0, len(checks))
	for _, c := range checks {
		verdicts = append(verdicts, c.On(subject, f))
	}
	return verdicts
}

// severity orders results from the best to the worst.
var severity = map[Result]int{Pass: 0, Warn: 1, Wait: 2, Fail: 3}

// Worst returns the verdict that decides: the first one with the worst result. If
// none fails or waits, its reason lists the reasons of all verdicts: the evidence.
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
		worst.Reason = strings.Join(evidence, ", ")
	}
	return worst
}

// only returns the checks with these names, in the order of the list.
func only(checks []Check, names ...string) []Check {
	var list []Check
	for _, c := range checks {
		for _, name := range names {
			if c.Name == name {
				list = append(list, c)
			}
		}
	}
	return list
}

// without returns the checks but the one with that name.
func without(checks []Check, name string) []Check {
	var list []Check
	for _, c := range checks {
		if c.Name != name {
			list = append(list, c)
		}
	}
	return list
}
