// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"fmt"
	"slices"
	"strings"
)

// Annotations on a pod or its namespace that configure faults of hollow proxies.
const (
	// RejectAnnotation lists types to reject: "lds" or "cds,rds". "lds@1-31-0" applies to pods
	// injected by that revision.
	RejectAnnotation = "lab.rerig.dev/reject"
	// DisconnectedAnnotation keeps proxies disconnected: "true" or "true@1-31-0".
	DisconnectedAnnotation = "lab.rerig.dev/disconnected"
)

// Faults are the configured faults of a proxy. The zero value has none.
type Faults struct {
	// Disconnected proxies leave their istiod and do not reconnect.
	Disconnected bool
	// RejectedTypes are short names of types, sorted.
	RejectedTypes []string
}

// ParseFaults reads the annotations of a pod and its namespace, for a pod injected by revision.
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

// itemsForRevision returns the items of a comma-separated list without a revision or with this
// revision.
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

// Equal reports whether both configure the same faults.
func (o Faults) Equal(p Faults) bool {
	return o.Disconnected == p.Disconnected && slices.Equal(o.RejectedTypes, p.RejectedTypes)
}

// rejectionReason returns why resources of a type are rejected, or an empty string.
func (o Faults) rejectionReason(t Type) string {
	if slices.Contains(o.RejectedTypes, t.ShortName()) {
		return fmt.Sprintf("rejected by annotation %s: %s", RejectAnnotation, t.ShortName())
	}
	return ""
}
