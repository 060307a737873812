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

// Orders are what a proxy was told to do wrong. The zero value is a good proxy.
type Orders struct {
	// Disconnected proxies leave their istiod and stay away.
	Disconnected bool
	// Rejects are short names of types, sorted.
	Rejects []string
}

// ReadOrders reads the annotations of a pod and of its namespace, for a pod injected by revision.
func ReadOrders(revision string, annotations ...map[string]string) Orders {
	var o Orders
	for _, a := range annotations {
		o.Disconnected = o.Disconnected || slices.Contains(applying(a[DisconnectedAnnotation], revision), "true")
		o.Rejects = append(o.Rejects, applying(a[RejectAnnotation], revision)...)
	}
	slices.Sort(o.Rejects)
	o.Rejects = slices.Compact(o.Rejects)
	return o
}

// applying are the items of a comma list that have no revision or this one.
func applying(list, revision string) []string {
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
func (o Orders) Equal(p Orders) bool {
	return o.Disconnected == p.Disconnected && slices.Equal(o.Rejects, p.Rejects)
}

// reason is why resources of a type are rejected, "" where they aren't.
func (o Orders) reason(t Type) string {
	if slices.Contains(o.Rejects, t.Short()) {
		return fmt.Sprintf("rejected as the annotation %s asks: %s", RejectAnnotation, t.Short())
	}
	return ""
}
