// SPDX-License-Identifier: Apache-2.0

package trial

import (
	"maps"

	"github.com/rerig/rerig/internal/mesh"
)

// Services are the Services that lead to a trial pod of a workload while it
// serves, by name. A Service that leads to pods before they are ready would lead
// to one before it is proven: a trial pod bears none of the labels of such a one,
// and is led to by no other either that selects by them.
func Services(wl mesh.Workload) []string {
	labels := maps.Clone(wl.Template.Labels)
	for _, s := range wl.Services {
		if s.Early && s.Selects(wl.Template.Labels) {
			for key := range s.Selector {
				delete(labels, key)
			}
		}
	}
	var names []string
	for _, s := range wl.Services {
		if s.Selects(labels) {
			names = append(names, s.Name)
		}
	}
	return names
}
