// SPDX-License-Identifier: Apache-2.0

package verify

import "slices"

// Replaced are the checks of the pods that took the place of swapped ones, before
// these leave the Services.
var Replaced = slices.Concat([]Check{{"replacement-serves", "What takes a pod's place is ready, of the wanted revision, and an endpoint of every Service that selects the workload.",
	"Look at the pod that is named: its events and its containers' logs; the pod that it is to replace still serves.", pending(Wait)}}, wire)

// Misled is the check of what took a pod's place and was injected by another
// revision, as often as a swap has tried it.
var Misled = Check{"replacement-revision", "What takes a pod's place carries the wanted revision's sidecar.",
	"Its namespace's label was set back meanwhile, or another webhook injects: compare the pod that is named with what `kubectl get mutatingwebhookconfigurations` selects. Run the same command again once it is mended: the pod is replaced.", pending(Fail)}

// wire are the checks of Rolled that ask what the istiods say.
var wire = slices.DeleteFunc(slices.Clone(Rolled), func(c Check) bool {
	return !slices.Contains([]string{"istiods-answer", "configuration-accepted", "proxy-connected", "configuration-acknowledged"}, c.Name)
})

// pending judges by whether a run waits for anything, and what that comes to.
func pending(otherwise Result) func(Facts) (Result, string) {
	return func(f Facts) (Result, string) {
		if f.Pending == "" {
			return Pass, ""
		}
		return otherwise, f.Pending
	}
}

// Retired is the check of a pod that a swap has parked, before it is ended.
var Retired = Check{"kept-pod-quiet", "Nothing goes through a parked pod any more: its proxy says so, after it was out of the Services for as long as it may take to end.",
	"A connection that its caller holds for long keeps the parked pod that is named from being ended: close it there, or delete that pod, which cuts it.", pending(Wait)}

// Ended is the check of a parked pod that was asked to end.
var Ended = Check{"kept-pod-ended", "A parked pod is gone once it was asked to end.",
	"It serves nobody any more. Look what keeps it: a finalizer (kubectl get pod -o yaml), or a node that does not answer.", pending(Wait)}

// Led is the check of a trial pod that may serve, before its time in service begins.
var Led = Check{"trial-pod-led-to", "Each Service that is to lead to a trial pod has it among its endpoints.",
	"See the EndpointSlices of the Service that is named, and that the trial pod is ready; or have the workload tried out of service.", pending(Wait)}
