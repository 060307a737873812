// SPDX-License-Identifier: Apache-2.0

package mesh

// PodSelector is what chooses pods of a namespace by their labels, and is no
// Service: a swap changes a pod's labels, and must not change what else holds for
// it.
type PodSelector struct {
	Subject  string // "NetworkPolicy shop-web/only-web"
	Part     string // what of it chooses them, where that is not its own selector: "its ingress peers"
	Selector Selector
	Effect   Effect
}

// Effect is what an object does to the pods that it chooses.
type Effect string

const (
	SetsPolicy   Effect = "rules"  // sets a rule for them: a policy
	CountsReady  Effect = "counts" // counts those that serve: a PodDisruptionBudget
	ScalesPods   Effect = "scales" // has as many of them made as it counts: an autoscaler
	AdoptsPods   Effect = "adopts" // takes pods that no controller owns for its own: a controller
	SendsTraffic Effect = "sends"  // sends requests to them: a ServiceEntry
	NotListable  Effect = "hidden" // not known: objects of this kind may not be listed
)

// CountsPods reports whether it goes by how many pods it selects, those included that
// a swap has parked.
func (d Effect) CountsPods() bool { return d == CountsReady || d == ScalesPods }
