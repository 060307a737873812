// SPDX-License-Identifier: Apache-2.0

package mesh

// Traffic is what a pod's proxy reports about requests to the application.
type Traffic struct {
	// Idle reports that no request or connection is active. The proxy does not count those that
	// began before its clusters were last re-created.
	Idle     bool
	Total    int    // requests since the proxy started; a change between two observations means traffic
	Evidence string // the observed statistics, or which are missing
}
