// SPDX-License-Identifier: Apache-2.0

package step

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// VerdictKey is what a recorded verdict is about. A verdict counts only for the same
// template, revision and istiod build: a change of any of them voids it.
type VerdictKey struct {
	Kind     Kind             // Validate, Verify, Trial, Soak or DryRun
	Workload mesh.WorkloadRef // of Verify and Trial
	Template string           // of Verify and Trial: the digest of the workload's template
	Revision string
	Build    string        // of Validate, Verify and Trial: the revision's istiod builds
	Mode     TrialMode     // of Trial
	Wave     int           // of Soak
	Subject  Subject       // of DryRun
	Without  string        // of DryRun: the removed revisions, joined with "+"
	Before   DryRunOutcome // of DryRun: an outcome seen before the removal; "" is the verdict after it
}

// DryRunOutcome is what a dry run showed before a removal. What was accepted before
// the removal has to be accepted after it.
type DryRunOutcome string

// The outcomes that are recorded.
const (
	DryRunDone        DryRunOutcome = "was tried"
	PodRejected       DryRunOutcome = "was refused"                  // a pod for which no workload's template exists; evidence: why
	SidecarInjected   DryRunOutcome = "was given a sidecar"          // such a pod; evidence: by which revision
	RejectedByOwn     DryRunOutcome = "was refused, labelled"        // invalid configuration, by the revision's own validator
	RejectedByDefault DryRunOutcome = "was refused, without a label" // invalid configuration, by the default validator
)

// ValidateKey is the key of a control plane's verdict.
func ValidateKey(w mesh.World, revision string) VerdictKey {
	return VerdictKey{Kind: Validate, Revision: revision, Build: istiodBuilds(w, revision)}
}

// VerifyKey is the key of a workload's verdict.
func VerifyKey(w mesh.World, wl mesh.Workload, revision string) VerdictKey {
	return VerdictKey{
		Kind: Verify, Workload: wl.Ref(), Template: wl.Template.Hash, Revision: revision, Build: istiodBuilds(w, revision),
	}
}

// TrialKey is the key of the verdict on a workload's trial pod.
func TrialKey(w mesh.World, wl mesh.Workload, revision string, mode TrialMode) VerdictKey {
	key := VerifyKey(w, wl, revision)
	key.Kind, key.Mode = Trial, mode
	return key
}

// SoakKey is the key of a wave's soak.
func SoakKey(wave int, revision string) VerdictKey {
	return VerdictKey{Kind: Soak, Wave: wave, Revision: revision}
}

// DryRunKey is the key of a dry run's verdict after the removal of t.Remove.
func DryRunKey(s Step, t Target) VerdictKey {
	return VerdictKey{Kind: DryRun, Subject: s.Subject, Revision: s.To, Without: mesh.JoinRevisions(t.Remove)}
}

// DryRunBeforeKey is the key of what a dry run showed before the removal: the cluster
// cannot be asked for it afterwards.
func DryRunBeforeKey(s Step, t Target, outcome DryRunOutcome) VerdictKey {
	key := DryRunKey(s, t)
	key.Before = outcome
	return key
}

// istiodBuilds names the istiod builds of a revision.
func istiodBuilds(w mesh.World, revision string) string {
	r, _ := w.Revision(revision)
	var builds []string
	for _, i := range r.Istiods {
		if !slices.Contains(builds, i.Build) {
			builds = append(builds, i.Build)
		}
	}
	slices.Sort(builds)
	return strings.Join(builds, "+")
}

// String is the key as a record holds it: one line that people can read.
func (k VerdictKey) String() string {
	switch k.Kind {
	case Validate:
		return fmt.Sprintf("%s %s %s", k.Kind, k.Revision, k.Build)
	case Verify:
		return fmt.Sprintf("%s %s %s %s %s", k.Kind, k.Workload, k.Template, k.Revision, k.Build)
	case Trial:
		return fmt.Sprintf("%s %s %s %s %s %s", k.Kind, k.Workload, k.Template, k.Revision, k.Build, k.Mode)
	case Soak:
		return fmt.Sprintf("%s %d %s", k.Kind, k.Wave, k.Revision)
	}
	text := fmt.Sprintf("%s %s %s without %s", k.Kind, k.Subject, k.Revision, k.Without)
	if k.Before != "" {
		text = "before " + text + ": " + string(k.Before)
	}
	return text
}

// MarshalText writes the key as String does.
func (k VerdictKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads a key as String writes it, also with the names of kinds that
// earlier versions recorded. It fails for any other text.
func (k *VerdictKey) UnmarshalText(text []byte) error {
	rest, before := strings.CutPrefix(string(text), "before ")
	word, rest, _ := strings.Cut(rest, " ")
	*k = VerdictKey{}
	// The names of kinds always decode.
	_ = k.Kind.UnmarshalText([]byte(word))
	ok := false
	switch k.Kind {
	case Validate:
		k.Revision, k.Build, ok = strings.Cut(rest, " ")
	case Verify:
		ok = k.readWorkload(rest)
	case Trial:
		i := strings.LastIndexByte(rest, ' ')
		if ok = i > 0 && k.readWorkload(rest[:i]); ok {
			k.Mode = TrialMode(rest[i+1:])
		}
	case Soak:
		var wave string
		wave, k.Revision, ok = strings.Cut(rest, " ")
		n, err := strconv.Atoi(wave)
		k.Wave, ok = n, ok && err == nil
	case DryRun:
		ok = k.readDryRun(rest, before)
	}
	if !ok {
		return fmt.Errorf("%q is no key of a verdict", text)
	}
	return nil
}

// readWorkload reads "KIND NAMESPACE/NAME TEMPLATE REVISION BUILD". A template's
// digest may hold spaces, the rest does not.
func (k *VerdictKey) readWorkload(text string) bool {
	parts := strings.Split(text, " ")
	if len(parts) < 5 {
		return false
	}
	n := len(parts)
	k.Workload = mesh.WorkloadRef(parts[0] + " " + parts[1])
	k.Template, k.Revision, k.Build = strings.Join(parts[2:n-2], " "), parts[n-2], parts[n-1]
	return true
}

// readDryRun reads "SUBJECT REVISION without REVISIONS[: OUTCOME]".
func (k *VerdictKey) readDryRun(text string, before bool) bool {
	subject, without, ok := strings.Cut(text, " without ")
	i := strings.LastIndexByte(subject, ' ')
	if !ok || i < 0 {
		return false
	}
	k.Subject, k.Revision, k.Without = Subject(subject[:i]), subject[i+1:], without
	if before {
		var outcome string
		k.Without, outcome, ok = strings.Cut(without, ": ")
		k.Before = DryRunOutcome(outcome)
	}
	return ok
}
