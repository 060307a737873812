// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"fmt"
	"slices"
	"strings"
)

// Annotations by which a story makes hollow proxies misbehave, on a pod or on its namespace.
const (
	// RejectAnnotation lists types to reject: "lds", "cds,rds"; "lds@1-31-0" is
	// for pods that this revision injected.
	RejectAnnotation = "lab.rerig.dev/reject"
	// DisconnectedAnnotation keeps proxies from connecting: "true", or "true@1-31-0".
	DisconnectedAnnotation = "lab.rerig.dev/disconnected"
)

// Faults are what a proxy was told to do wrong. The zero value is a good proxy.
type Faults struct {
	// Disconnected proxies leave their istiod and stay away.
	Disconnected bool
	// Rejects are short names of types, sorted.
	RejectedTypes []string
}

// ParseFaults reads the annotations of a pod and of its namespace, for a pod injected by revision.
func ParseFaults(revision string, annotations ...map[string]string) Faults {
	var o Faults
	for _, a := range annotations {
		o.Disconnected = o.Disconnected || slices.Contains(itemsForRevision(a[DisconnectedAnnotation], revision), "true")
		o.RejectedTypes = append(o.RejectedTypes, itemsForRevision(a[RejectAnnotation], revision)...)
	}
	slices.Sort(o.RejectedTypes)
	o.RejectedTypes = slices.Compact(o.RejectedTypes)
	return o
}

// itemsForRevision are the items of a comma list that have no revision or this one.
func itemsForRevision(list, revision string) []string {
	var out []string
	for item := range strings.SplitSeq(list, ",") {
		what, rev, limited := strings.Cut(strings.TrimSpace(item), "@")
		if what != "" && (!limited || rev == revision) {
			out = append(out, what)
		}
	}
	return out
}

// Equal says whether two orders ask for the same.
func (o Faults) Equal(p Faults) bool {
	return o.Disconnected == p.Disconnected && slices.Equal(o.RejectedTypes, p.RejectedTypes)
}

// rejectionReason is why resources of a type are rejected, "" where they aren't.
func (o Faults) rejectionReason(t Type) string {
	if slices.Contains(o.RejectedTypes, t.ShortName()) {
		return fmt.Sprintf("rejected as the annotation %s asks: %s", RejectAnnotation, t.ShortName())
	}
	return ""
}
