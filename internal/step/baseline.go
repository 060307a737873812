// SPDX-License-Identifier: Apache-2.0

package step

import (
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// Baseline is the mesh as it was found: what a rollback goes back to, and what
// tells whether something moved that nobody asked to move.
type Baseline struct {
	Bindings       map[string]string `json:"bindings"`          // namespace -> its binding, as mesh.Binding.String writes it
	Revisions      map[string]string `json:"revisions"`         // namespace, or key of a workload that its own pods' labels bound -> the revision that these labels gave
	Sidecars       map[string]string `json:"sidecars"`          // workload key -> revisions of its sidecars; gateways too
	TemplateLabels map[string]string `json:"pins,omitempty"`    // key of a workload that its own pods' labels bound -> its template's label istio.io/rev, "-" for none
	Tag            map[string]string `json:"through,omitempty"` // namespace, or such a workload -> the tag that it was bound by
	Tags           map[string]string `json:"tags,omitempty"`    // tag -> the revision that it named
	Versions       map[string]string `json:"versions"`          // revision -> its Istio version
	MovedTags      []string          `json:"moved,omitempty"`   // tags that the run moves unless they are to be kept, as decided when it was approved
}

// LabelsWritten are the labels that a run writes into templates on the way forth.
func (b Baseline) LabelsWritten(pins map[string]string) map[string]string {
	w := map[string]string{}
	for key, found := range b.TemplateLabels {
		if label, own := pins[key]; own && label != found {
			w[key] = label
		}
	}
	return w
}

// BoundByTag reports whether something that is moved was bound by a tag.
func (b Baseline) BoundByTag(tag string) bool {
	for _, by := range b.Tag {
		if by == tag {
			return true
		}
	}
	return false
}

// MovedTags tells, in words, which of the tags that a run moves are no longer where
// they were found.
func (l Ledger) MovedTags(w mesh.World) []string {
	var list []string
	for _, tag := range l.Baseline.MovedTags {
		if was, at := l.Baseline.Tags[tag], strings.Join(w.TagRevisions(tag), "+"); at != was && at != "" {
			list = append(list, fmt.Sprintf("tag %s was at %s and is at %s already", tag, was, at))
		}
	}
	return list
}
