// SPDX-License-Identifier: Apache-2.0

package mesh

// Traffic is what a pod's proxy says of what goes through it to the application.
type Traffic struct {
	Idle     bool   // nothing is under way, as far as the proxy says: it does not tell of what began before its clusters were made anew
	Total    int    // requests in all: what changes between two looks is not quiet
	Evidence string // what was seen, or what was missing
}
