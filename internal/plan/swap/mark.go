// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"encoding/json"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// The keys by which a swap recognises its pods and keepers.
const (
	KeepLabel      = "rerig.dev/keep" // on detached pods and on their keeper, which selects by it
	SwapAnnotation = "rerig.dev/swap" // the state of a pod in a swap; on a keeper, its workload
	HashLabel      = "pod-template-hash"
)

// mark is a mesh.Swap as the annotation of a pod holds it.
type mark struct {
	Workload mesh.WorkloadRef  `json:"workload"`
	Run      string            `json:"run,omitempty"`
	Hash     string            `json:"hash,omitempty"`
	Role     mesh.SwapRole     `json:"role,omitempty"`
	Taken    map[string]string `json:"taken,omitempty"`
	Since    time.Time         `json:"since,omitzero"`
	Left     time.Time         `json:"left,omitzero"`
	Parked   time.Time         `json:"parked,omitzero"`
	Leaving  time.Time         `json:"leaving,omitzero"`
}

// ReadMark reads the state of a pod in a swap, or the workload of a keeper. An
// annotation that cannot be read is not one of Rerig's: the zero Swap.
func ReadMark(labels, annotations map[string]string) mesh.Swap {
	var m mark
	if json.Unmarshal([]byte(annotations[SwapAnnotation]), &m) != nil || m.Workload == "" {
		return mesh.Swap{}
	}
	s := mesh.Swap{Workload: m.Workload, Run: m.Run, ReplicaSetHash: m.Hash, Role: m.Role, StartedAt: m.Since, DetachedAt: m.Left}
	switch _, detached := labels[KeepLabel]; {
	case detached && !m.Parked.IsZero():
		s.Place, s.RemovedLabels, s.ParkedAt = mesh.Parked, m.Taken, m.Parked
		s.LeavingAt = m.Leaving
	case detached:
		s.Place = mesh.Detached
	}
	return s
}

// encodeMark writes the annotation.
func encodeMark(s mesh.Swap) string {
	// A struct of strings and times always encodes.
	b, _ := json.Marshal(mark{Workload: s.Workload, Run: s.Run, Hash: s.ReplicaSetHash, Role: s.Role, Taken: s.RemovedLabels,
		Since: s.StartedAt.UTC(), Left: s.DetachedAt.UTC(), Parked: s.ParkedAt.UTC(), Leaving: s.LeavingAt.UTC()})
	return string(b)
}

// keeperName returns the name of a workload's keeper, which is also the value of the
// keep label of its detached pods.
func keeperName(workload mesh.WorkloadRef) string {
	return step.ShortName("rerig-kept-", string(workload))
}

// detachedHash returns a pod-template-hash that no ReplicaSet has.
func detachedHash(run string) string { return step.ShortName("rerig-", run) }
