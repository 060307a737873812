// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"slices"
	"time"
)

// Swap is a pod's state in a swap, as its annotations record it. The zero Swap means that
// no swap has changed the pod.
type Swap struct {
	Workload       WorkloadRef       // the pod's workload, "" for a pod without these annotations
	Run            string            // the run that set the annotations
	ReplicaSetHash string            // pod-template-hash of the ReplicaSet that it was detached from
	Role           SwapRole          // its role when it was first detached
	Place          Place             // its place now
	RemovedLabels  map[string]string // labels that parking removed; they are restored before it serves again
	StartedAt      time.Time         // when it was first detached
	DetachedAt     time.Time         // when it was last detached
	ParkedAt       time.Time         // when it was removed from its Services
	LeavingAt      time.Time         // when a parked gateway's clients were asked to close their connections
}

// SwapRole distinguishes pods that a rollback reattaches from their replacements.
type SwapRole string

const (
	Original    SwapRole = "original"
	Replacement SwapRole = "stand-in" // what the annotations of 0.1.0 say
)

// Place is a pod's place in a swap.
type Place string

const (
	Attached Place = ""         // owned by its ReplicaSet, or about to be owned again
	Detached Place = "released" // without ReplicaSet; it still serves
	Parked   Place = "parked"   // out of its Services too
)

// Marked reports whether a swap has changed the pod.
func (s Swap) Marked() bool { return s.Workload != "" }

// Service is a Service that selects a workload's pods.
type Service struct {
	Name            string
	Address         string // what clients reach it by: its UID, cluster IPs, node ports and the load balancer's addresses
	Partial         bool   // it selects only some of the workload's pods, by labels that the template does not have
	IncludesUnready bool   // publishNotReadyAddresses: its endpoints include pods that are not ready
	LoadBalancer    bool   // its type is LoadBalancer
	Local           bool   // externalTrafficPolicy Local: a node without a pod that serves drops requests from outside
	Selector        map[string]string
	Ports           []Port
}

// Port is a port of a Service.
type Port struct {
	Name        string
	Number      int
	Target      string // a number, or a container port's name
	Protocol    string // TCP, UDP or SCTP
	AppProtocol string // "" when not set
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

// DetachedPods returns the workload's detached and parked pods, terminating ones included.
func (w Workload) DetachedPods() []Pod { return w.podsAt(Detached, Parked) }

// AttachedPods returns the live pods that the workload's controller owns, or is about to
// own again.
func (w Workload) AttachedPods() []Pod {
	var attached []Pod
	for _, p := range w.Live() {
		if p.Swap.Place == Attached {
			attached = append(attached, p)
		}
	}
	return attached
}

func (w Workload) podsAt(places ...Place) []Pod {
	var list []Pod
	for _, p := range w.Pods {
		if slices.Contains(places, p.Swap.Place) {
			list = append(list, p)
		}
	}
	return list
}

// Swapping reports whether the workload still has anything of a swap or a held rollout:
// detached or parked pods, a keeper, annotated pods, or a rollout that is held.
func (w Workload) Swapping() bool {
	if w.Keeper != "" || w.Held.Holds() {
		return true
	}
	for _, p := range w.Pods {
		if p.Swap.Marked() && (!p.Terminating || p.Swap.Place != Attached) { // a terminating attached pod takes its annotations with it
			return true
		}
	}
	return false
}
