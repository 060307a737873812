// SPDX-License-Identifier: Apache-2.0

// Package verify judges: facts in, verdicts out. A failing check is a Verdict;
// an error is something else, and not knowing is never a pass.
package verify

// Result is how a judgement came out.
type Result string

const (
	Pass Result = "pass"
	Wait Result = "wait" // not yet: look again until the time is up
	Warn Result = "warn" // it may go on, and somebody should know
	Fail Result = "fail" // it will not get better by waiting
)

// Verdict is one check's judgement of one subject.
type Verdict struct {
	Check   string `json:"check"`   // the check's name, and its anchor in docs/checks.md
	Subject string `json:"subject"` // a workload's key, a revision, a namespace
	Result  Result `json:"result"`
	Reason  string `json:"reason"`         // what was found, with names and numbers
	Hint    string `json:"hint,omitempty"` // what to do about it
}
