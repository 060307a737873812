// SPDX-License-Identifier: Apache-2.0

package mesh

// Selecting is what chooses pods of a namespace by their labels, and is no
// Service: a swap changes a pod's labels, and must not change what else holds for
// it.
type Selecting struct {
	Subject  string // "NetworkPolicy shop-web/only-web"
	Part     string // what of it chooses them, where that is not its own selector: "its ingress peers"
	Selector Selector
	Does     Does
}

// Does is what an object does to the pods that it chooses.
type Does string

const (
	Rules  Does = "rules"  // sets a rule for them: a policy
	Counts Does = "counts" // counts those that serve: a PodDisruptionBudget
	Scales Does = "scales" // has as many of them made as it counts: an autoscaler
	Adopts Does = "adopts" // takes pods that no controller owns for its own: a controller
	Sends  Does = "sends"  // sends requests to them: a ServiceEntry
	Hidden Does = "hidden" // not known: objects of this kind may not be listed
)

// Tallies reports whether it goes by how many pods it selects, those included that
// a swap has parked.
func (d Does) Tallies() bool { return d == Counts || d == Scales }
