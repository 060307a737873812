// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

// The keys by which a swap knows its pods and its keepers again.
const (
	KeepLabel      = "rerig.dev/keep" // on kept pods and on their keeper, which selects by it
	SwapAnnotation = "rerig.dev/swap" // what a swap has made of a pod; on a keeper, whose it is
	HashLabel      = "pod-template-hash"
)

// mark is a mesh.Swap as it is written on a pod.
type mark struct {
	Workload mesh.WorkloadRef  `json:"workload"`
	Run      string            `json:"run,omitempty"`
	Hash     string            `json:"hash,omitempty"`
	Role     mesh.SwapRole     `json:"role,omitempty"`
	Taken    map[string]string `json:"taken,omitempty"`
	Since    time.Time         `json:"since,omitzero"`
	Left     time.Time         `json:"left,omitzero"`
	Parked   time.Time         `json:"parked,omitzero"`
}

// ReadMark reads what a swap has made of a pod, or whose a keeper is. A mark that
// cannot be read is none: it is not one of ours.
func ReadMark(labels, annotations map[string]string) mesh.Swap {
	var m mark
	if json.Unmarshal([]byte(annotations[SwapAnnotation]), &m) != nil || m.Workload == "" {
		return mesh.Swap{}
	}
	s := mesh.Swap{Workload: m.Workload, Run: m.Run, Hash: m.Hash, Role: m.Role, StartedAt: m.Since, DetachedAt: m.Left}
	switch _, kept := labels[KeepLabel]; {
	case kept && !m.Parked.IsZero():
		s.Place, s.RemovedLabels, s.ParkedAt = mesh.Parked, m.Taken, m.Parked
	case kept:
		s.Place = mesh.Detached
	}
	return s
}

// encodeMark is the mark as an annotation holds it.
func encodeMark(s mesh.Swap) string {
	// A struct of strings and times always encodes.
	b, _ := json.Marshal(mark{Workload: s.Workload, Run: s.Run, Hash: s.Hash, Role: s.Role, Taken: s.RemovedLabels,
		Since: s.StartedAt.UTC(), Left: s.DetachedAt.UTC(), Parked: s.ParkedAt.UTC()})
	return string(b)
}

// KeeperName is the value of the keep label of a workload's kept pods, and the name of
// their keeper.
func KeeperName(workload mesh.WorkloadRef) string {
	return fmt.Sprintf("rerig-kept-%x", sha256.Sum256([]byte(workload)))[:len("rerig-kept-")+10]
}

// detachedHash is a hash that no ReplicaSet has.
func detachedHash(run string) string {
	return fmt.Sprintf("rerig-%x", sha256.Sum256([]byte(run)))[:len("rerig-")+10]
}
