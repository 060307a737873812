// SPDX-License-Identifier: Apache-2.0

package mesh

import "slices"

// Proxy is one connection of a proxy, as the istiod that holds it reports it at
// /debug/syncz (pilot/pkg/xds/debug.go @1.30.3).
type Proxy struct {
	Namespace string
	Pod       string
	Router    bool        // a gateway or waypoint
	Version   string      // the proxy's own istio version
	Istiod    string      // the pod that holds the connection
	Revision  string      // that pod's revision
	Sent      []string    // types that it was sent, such as "CDS"
	Unacked   []string    // types of which the newest that was sent is not acknowledged, such as "CDS"
	Rejected  []Rejection // types that the proxy refused
}

// Rejection is a configuration that a proxy refused (a NACK).
type Rejection struct {
	Type   string
	Reason string // in the proxy's words
}

// Certificate is what one proxy holds for its own identity.
type Certificate struct {
	Namespace string
	Pod       string
	Identity  string   // the SPIFFE ID in the leaf
	Chains    bool     // the leaf chains to one of the mesh's roots at the time of asking
	Problem   string   // why it doesn't
	Early     bool     // it would, and is not valid yet by this machine's clock
	Unasked   bool     // it holds none, and none of its listeners and clusters asks for one
	Trusts    []string // fingerprints of the roots by which the proxy judges others
	Leads     []string // those of Trusts to which the leaf chains
}

// sortedUnique sorts a list and drops doubles.
func sortedUnique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
