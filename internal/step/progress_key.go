// SPDX-License-Identifier: Apache-2.0

package step

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// WaitKey is a step that is waited for. It leaves out where the step starts from: a
// start that changes meanwhile does not begin the waiting again.
type WaitKey struct {
	Kind    Kind
	Wave    int
	Subject Subject
	To      string
}

// WaitKey returns the key under which a run records since when it waits for the step.
func (s Step) WaitKey() WaitKey {
	return WaitKey{Kind: s.Kind, Wave: s.Wave, Subject: s.Subject, To: s.To}
}

// MarshalText writes "KIND WAVE SUBJECT TO".
func (k WaitKey) MarshalText() ([]byte, error) {
	return []byte(fmt.Sprintf("%s %d %s %s", k.Kind, k.Wave, k.Subject, k.To)), nil
}

// UnmarshalText reads what MarshalText writes, also with the names of kinds that
// earlier versions recorded.
func (k *WaitKey) UnmarshalText(text []byte) error {
	kind, rest, _ := strings.Cut(string(text), " ")
	wave, rest, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(wave)
	if err != nil {
		return fmt.Errorf("%q is no key of a step that is waited for", text)
	}
	// The names of kinds always decode.
	_ = k.Kind.UnmarshalText([]byte(kind))
	subject, to := cutSubject(k.Kind, rest)
	k.Wave, k.Subject, k.To = n, Subject(subject), to
	return nil
}

// cutSubject separates a subject from the text that follows it.
func cutSubject(kind Kind, text string) (subject, rest string) {
	words := 1
	switch kind.SubjectType() {
	case NameSubject, NamespaceSubject:
	case NamespacesSubject:
		for _, word := range strings.Split(text, " ") {
			if !strings.HasSuffix(word, ",") {
				break
			}
			words++
		}
	case WorkloadSubject, ObjectSubject:
		words = 2
	case DryRunSubject:
		if strings.HasPrefix(text, podIn) {
			words = 3
		}
	}
	parts := strings.SplitN(text, " ", words+1)
	if len(parts) <= words {
		return text, ""
	}
	return strings.Join(parts[:words], " "), parts[words]
}

// MoveKey is what a run counts of a workload on its move to a revision.
type MoveKey struct {
	Workload mesh.WorkloadRef
	Revision string
	Counts   MoveCount
}

// MoveCount says what is counted.
type MoveCount string

// What is counted.
const (
	Moves             MoveCount = ""       // restarts, or evicted pods
	WrongReplacements MoveCount = "misled" // pods of a swap that the wrong revision injected
	EndedTrials       MoveCount = "tried"  // trial pods that ran to their end
)

// MarshalText writes "KIND NAMESPACE/NAME REVISION", and what is counted.
func (k MoveKey) MarshalText() ([]byte, error) {
	text := string(k.Workload) + " " + k.Revision
	if k.Counts != Moves {
		text += " " + string(k.Counts)
	}
	return []byte(text), nil
}

// UnmarshalText reads what MarshalText writes.
func (k *MoveKey) UnmarshalText(text []byte) error {
	parts := strings.Split(string(text), " ")
	if len(parts) < 3 || len(parts) > 4 {
		return fmt.Errorf("%q is no key of a workload's move", text)
	}
	*k = MoveKey{Workload: mesh.WorkloadRef(parts[0] + " " + parts[1]), Revision: parts[2]}
	if len(parts) == 4 {
		k.Counts = MoveCount(parts[3])
	}
	return nil
}
