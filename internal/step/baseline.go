// SPDX-License-Identifier: Apache-2.0

package step

import (
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
)

// Baseline is the mesh when the run began: what a rollback restores, and what shows
// whether something moved unasked. The names of its JSON fields are those of the first
// version.
type Baseline struct {
	Bindings       map[string]string               `json:"bindings"`                // namespace -> its binding: mesh.Binding.String
	Revisions      map[BoundRef]string             `json:"revisions"`               // -> the revision that its labels chose
	Sidecars       map[mesh.WorkloadRef]string     `json:"sidecars"`                // -> revisions of its proxies, joined with "+"
	TemplateLabels map[mesh.WorkloadRef]string     `json:"pins,omitempty"`          // workloads bound by their own labels -> that label
	GatewayLabels  map[mesh.WorkloadRef]string     `json:"gatewayLabels,omitempty"` // gateways of istiod -> the Gateway's label
	Fronts         map[mesh.WorkloadRef]mesh.Front `json:"fronts,omitempty"`        // gateways -> what their clients see
	Rendered       map[mesh.WorkloadRef]string     `json:"rendered,omitempty"`      // gateways of istioctl -> the revision of their templates
	Tag            map[BoundRef]string             `json:"through,omitempty"`       // -> the tag that bound it
	Tags           map[string]string               `json:"tags,omitempty"`          // tag -> the revision that it named
	Versions       map[string]string               `json:"versions"`                // revision -> its Istio version
	MovedTags      []string                        `json:"moved,omitempty"`         // tags that the run moves, unless tags are to be kept
}

// BoundRef is what labels bind to a revision: the name of a namespace, or the
// reference of a workload that its own labels bind.
type BoundRef string

// BoundNamespace returns the reference of a namespace.
func BoundNamespace(name string) BoundRef { return BoundRef(name) }

// BoundWorkload returns the reference of a workload that its own labels bind.
func BoundWorkload(ref mesh.WorkloadRef) BoundRef { return BoundRef(ref) }

// LabelsWritten returns the template labels that differ from the baseline's: those
// that an upgrade writes.
func (b Baseline) LabelsWritten(labels map[mesh.WorkloadRef]string) map[mesh.WorkloadRef]string {
	written := map[mesh.WorkloadRef]string{}
	for ref, before := range b.TemplateLabels {
		if label, ok := labels[ref]; ok && label != before {
			written[ref] = label
		}
	}
	return written
}

// BoundByTag reports whether a tag bound something that the run moves.
func (b Baseline) BoundByTag(tag string) bool {
	for _, by := range b.Tag {
		if by == tag {
			return true
		}
	}
	return false
}

// MovedTags describes the tags of the run that no longer name the baseline's revision.
func (l Ledger) MovedTags(w mesh.World) []string {
	var list []string
	for _, tag := range l.Baseline.MovedTags {
		before, now := l.Baseline.Tags[tag], mesh.JoinRevisions(w.TagRevisions(tag))
		if now != before && now != "" {
			list = append(list, fmt.Sprintf("tag %s named %s and already names %s", tag, before, now))
		}
	}
	return list
}
