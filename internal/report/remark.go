// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/report/format"
)

// many is how many names a group of remarks shows; -o json has them all.
const many = 4

// grouped writes remarks as sentences, one for those of the same kind and reason.
func grouped(remarks []Remark) []string {
	type group struct{ kind, why string }
	var order []group
	names := map[group][]string{}
	for _, r := range remarks {
		kind, name, _ := strings.Cut(r.Subject, " ")
		g := group{kind, r.Why}
		if len(names[g]) == 0 {
			order = append(order, g)
		}
		names[g] = append(names[g], name)
	}
	var sentences []string
	for _, g := range order {
		text := fmt.Sprintf("%s %s", g.kind, format.List(names[g], many))
		if n := len(names[g]); n > 1 {
			text = fmt.Sprintf("%s %s", format.Count(n, g.kind), format.List(names[g], many))
		}
		if g.why != "" {
			text += ": " + g.why
		}
		sentences = append(sentences, text)
	}
	return sentences
}
