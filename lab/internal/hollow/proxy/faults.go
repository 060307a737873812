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
	var f Faults
	for _, a := range annotations {
		f.Disconnected = f.Disconnected || slices.Contains(itemsForRevision(a[DisconnectedAnnotation], revision), "true")
		f.RejectedTypes = append(f.RejectedTypes, itemsForRevision(a[RejectAnnotation], revision)...)
	}
	slices.Sort(f.RejectedTypes)
	f.RejectedTypes = slices.Compact(f.RejectedTypes)
	return f
}

// itemsForRevision returns the items of a comma-separated list without a revision or with this
// revision.
func itemsForRevision(list, revision string) []string {
	var out []string
	for item := range strings.SplitSeq(list, ",") {
		value, rev, limited := strings.Cut(strings.TrimSpace(item), "@")
		if value != "" && (!limited || rev == revision) {
			out = append(out, value)
		}
	}
	return out
}

// Equal reports whether both configure the same faults.
func (f Faults) Equal(other Faults) bool {
	return f.Disconnected == other.Disconnected && slices.Equal(f.RejectedTypes, other.RejectedTypes)
}

// rejectionReason returns why resources of a type are rejected, or an empty string.
func (f Faults) rejectionReason(t Type) string {
	if slices.Contains(f.RejectedTypes, t.ShortName()) {
		return fmt.Sprintf("rejected by annotation %s: %s", RejectAnnotation, t.ShortName())
	}
	return ""
}
