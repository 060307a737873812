// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"slices"
)

// Proxy is one connection of a proxy to an istiod, as that istiod reports it at
// /debug/syncz (pilot/pkg/xds/debug.go @1.30.3).
type Proxy struct {
	Namespace string
	Pod       string
	Router    bool        // a gateway or waypoint
	Version   string      // the proxy's own Istio version
	Istiod    string      // the istiod pod of the connection
	Revision  string      // that pod's revision
	Sent      []string    // types sent to it, such as "CDS"
	Unacked   []string    // types whose newest version is not acknowledged, such as "CDS"
	Rejected  []Rejection // types that the proxy refused
}

// Rejection is a configuration that a proxy refused (a NACK).
type Rejection struct {
	Type   string
	Reason string // the proxy's message
}

// Certificate is the workload certificate of one proxy.
type Certificate struct {
	Namespace    string
	Pod          string
	Identity     string   // the SPIFFE ID in the leaf
	Chains       bool     // the leaf chains to one of the mesh's roots
	Problem      string   // why it does not
	NotYetValid  bool     // it chains and is not valid yet by this machine's clock
	NotNeeded    bool     // the proxy has none, and none of its listeners and clusters needs one
	TrustedRoots []string // fingerprints of the roots that the proxy trusts
	ChainRoots   []string // those of Trusts to which the leaf chains
}

// sortedUnique sorts a list in place and removes duplicates.
func sortedUnique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// Traffic is what a pod's proxy reports about requests to the application.
type Traffic struct {
	// Idle reports that no request or connection is active. The proxy does not count those that
	// began before its clusters were last re-created.
	Idle     bool
	Total    int    // requests since the proxy started; a change between two observations means traffic
	Evidence string // the observed statistics, or which are missing
}
