// SPDX-License-Identifier: Apache-2.0

package verify

import "slices"

// Names of the verdicts that the engine gives without evaluating facts.
const (
	LabelCommitted = "label-committed" // a GitOps tool has applied a namespace's new labels
	TagMoved       = "tag-moved"       // a tag names the revision that it was pointed at
	Soaked         = "soak"            // a wave stayed healthy for the soak time
)

// All returns every check once.
func All() []Check {
	var list []Check
	for _, c := range slices.Concat(ControlPlaneValidation, ControlPlaneComparison, SurgeCapacity, WorkloadVerification, TrialPodVerification,
		ReplacementPod, []Check{GatewayConfiguration, ReplacementRevision, ParkedPodIdle, ParkedPodDeleted, TrialPodEndpoints},
		Removal, ManagedRemoval, DryRunPod, DryRunConfiguration, RunEnd) {
		if !slices.ContainsFunc(list, func(known Check) bool { return known.Name == c.Name }) {
			list = append(list, c)
		}
	}
	return list
}

// Names returns the name of every verdict. Each is a heading in docs/reference/checks.md.
func Names() []string {
	names := []string{LabelCommitted, TagMoved, Soaked}
	for _, c := range All() {
		names = append(names, c.Name)
	}
	return names
}
