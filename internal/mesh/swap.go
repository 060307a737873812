// SPDX-License-Identifier: Apache-2.0

package mesh

import "time"

// Swap is what a swap has made of a pod. The zero Swap is that of a pod that no
// swap has touched.
type Swap struct {
	Workload      WorkloadRef       // the workload that it is a pod of, "" for a pod without a mark
	Run           string            // the run that marked it
	Hash          string            // pod-template-hash of the ReplicaSet that it was released from
	Role          SwapRole          // what it was when it was released first
	Place         Place             // where it stands now
	RemovedLabels map[string]string // labels that were taken away from it, and have to be given back before it serves
	StartedAt     time.Time         // when it was released first
	DetachedAt    time.Time         // when it was released last
	ParkedAt      time.Time         // since when it is out of the Services
}

// SwapRole tells the pods that a way back puts in their place again from those
// that stood in for them.
type SwapRole string

const (
	Original SwapRole = "original"
	StandIn  SwapRole = "stand-in"
)

// Place is where a pod stands between its ReplicaSet and the Services.
type Place string

const (
	Attached Place = ""         // its ReplicaSet's, or on its way back to it
	Detached Place = "released" // no ReplicaSet's any more; it serves
	Parked   Place = "parked"   // out of the Services too
)

// Marked reports whether a swap has touched the pod.
func (s Swap) Marked() bool { return s.Workload != "" }

// Service is a Service that selects a workload's pods.
type Service struct {
	Name     string
	Partial  bool // it selects some of the workload's own pods, by labels that its template does not give them
	Early    bool // it leads to pods that are not ready: publishNotReadyAddresses
	Selector map[string]string
	Ports    []Port
}

// Port is a port of a Service.
type Port struct {
	Name        string
	Number      int
	Target      string // a number, or a container port's name
	Protocol    string // TCP, UDP or SCTP
	AppProtocol string // "" where the Service says nothing
}

// Selects reports whether the Service selects a pod with these labels.
func (s Service) Selects(labels map[string]string) bool {
	for key, value := range s.Selector {
		if labels[key] != value {
			return false
		}
	}
	return len(s.Selector) > 0
}

// DetachedPods returns the workload's pods that a swap has released or parked, those
// included that are on their way out.
func (w Workload) DetachedPods() []Pod { return w.podsAt(Detached, Parked) }

// AttachedPods returns the live pods that are the workload's controller's, or on their way
// back to it.
func (w Workload) AttachedPods() []Pod {
	var own []Pod
	for _, p := range w.Live() {
		if p.Swap.Place == Attached {
			own = append(own, p)
		}
	}
	return own
}

func (w Workload) podsAt(places ...Place) []Pod {
	var list []Pod
	for _, p := range w.Pods {
		for _, at := range places {
			if p.Swap.Place == at {
				list = append(list, p)
			}
		}
	}
	return list
}

// Swapping reports whether something of a swap is left of the workload: kept
// pods, a keeper, marks.
func (w Workload) Swapping() bool {
	if w.Keeper != "" {
		return true
	}
	for _, p := range w.Pods {
		if p.Swap.Marked() && (!p.Terminating || p.Swap.Place != Attached) { // a mark goes with its pod
			return true
		}
	}
	return false
}
