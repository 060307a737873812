// SPDX-License-Identifier: Apache-2.0

package step

import (
	"cmp"
	"maps"

	"github.com/rerig/rerig/internal/mesh"
)

// NoLabel stands for a template without a label istio.io/rev of its own.
const NoLabel = "-"

// TemplateLabelOf is the label istio.io/rev of a workload's own template.
func TemplateLabelOf(wl mesh.Workload) string {
	return cmp.Or(wl.Template.Labels[mesh.RevisionLabel], NoLabel)
}

// WithRevisionLabel is a template's labels with another label istio.io/rev.
func WithRevisionLabel(labels map[string]string, label string) map[string]string {
	labels = maps.Clone(labels)
	if labels == nil {
		labels = map[string]string{}
	}
	if delete(labels, mesh.RevisionLabel); label != NoLabel {
		labels[mesh.RevisionLabel] = label
	}
	return labels
}
