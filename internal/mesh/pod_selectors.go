// SPDX-License-Identifier: Apache-2.0

package mesh

// PodSelector is an object other than a Service that selects pods of a namespace by their
// labels. A swap changes a pod's labels and must not change what else applies to the pod.
type PodSelector struct {
	Subject  string // "NetworkPolicy shop-web/only-web"
	Part     string // the part of it that selects, where that is not its own selector: "its ingress peers"
	Selector Selector
	Effect   Effect
}

// Effect is what an object does to the pods that it selects.
type Effect string

const (
	SetsPolicy   Effect = "rules"  // a policy applies to them
	CountsReady  Effect = "counts" // the ready ones are counted: a PodDisruptionBudget
	ScalesPods   Effect = "scales" // their number is scaled: an autoscaler
	OwnsOrphans  Effect = "owns"   // pods without a controller become its own: a controller
	SendsTraffic Effect = "sends"  // requests go to them: a ServiceEntry
	NotListable  Effect = "hidden" // unknown: the run has no right to list objects of this kind
)

// CountsPods reports whether the effect depends on the number of selected pods, parked
// pods included.
func (e Effect) CountsPods() bool { return e == CountsReady || e == ScalesPods }
