// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"
	"slices"
)

// counted says how many there are of a kind, and which where it is one.
func counted(objects []Object) []string {
	var lines []string
	for kind, list := range byKind(objects) {
		line := list[0].String()
		if len(list) > 1 {
			line = fmt.Sprintf("%d of kind %s", len(list), kind)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

func byKind(objects []Object) map[string][]Object {
	kinds := map[string][]Object{}
	for _, o := range objects {
		kinds[o.Kind] = append(kinds[o.Kind], o)
	}
	return kinds
}
