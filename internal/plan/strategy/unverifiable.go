// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// blockedUnverifiable is the way of what cannot be proven.
func blockedUnverifiable(wl mesh.Workload, way step.Decision) (step.Decision, bool) {
	why := step.Unverifiable(wl)
	if why == "" || !way.Moves() || wl.Swapping() {
		return way, false
	}
	return step.Decision{Strategy: step.Blocked, Reason: why, Remedy: "make its pods anew yourself once its namespace is on the new revision, and look at it: no proof of it would end"}, true
}
