// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
)

// checkChoices refuses words that a spec does not know.
func checkChoices(s v1alpha1.MeshUpgradeSpec) error {
	choices := []choice{
		{"way", s.Way, []string{"restart", "swap"}},
		{"trial", s.Trial, trials},
		{"tags", s.Tags, []string{"move", "keep"}},
		{"labels", s.Labels, []string{"restore", "explicit"}},
	}
	for _, r := range s.Workloads {
		choices = append(choices, choice{"workload's way", r.Way, []string{"restart", "evict", "swap", "field", "leave"}}, choice{"workload's trial", r.Trial, trials})
		if err := wholly(r); err != nil {
			return err
		}
		if (r.Way == "field") != (r.Field != "") {
			return fmt.Errorf("choose the workload's way: field needs the path of a field, such as field:spec.restartAt, and nothing else takes one")
		}
		if r.Field != "" {
			if err := plan.Writable(mesh.KindOf(r.Kind), r.Field); err != nil {
				return fmt.Errorf("choose the workload's way: %w", err)
			}
		}
	}
	for _, c := range choices {
		if c.taken != "" && !slices.Contains(c.from, c.taken) {
			return fmt.Errorf("choose the %s: there is no %q; take one of %s", c.what, c.taken, strings.Join(c.from, ", "))
		}
	}
	return nil
}

// choice is one word out of a few.
type choice struct {
	what, taken string
	from        []string
}

var trials = []string{"none", "in-service", "out-of-service"}
