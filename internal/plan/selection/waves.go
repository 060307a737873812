// SPDX-License-Identifier: Apache-2.0

package selection

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// defaultWaves is the number of waves when none is given.
const defaultWaves = 3

// Divide puts the selected namespaces into waves: as given, or first the one with the
// fewest pods alone, then the rest, divided evenly by their numbers of pods. Namespaces
// with nothing but gateways have waves of their own, before or after these, and so have
// gateways that istioctl installed.
func Divide(w mesh.World, in step.Intent, selected []string) ([][]string, error) {
	gateways := renderedGateways(w, in, selected)
	if len(in.Waves) > 0 {
		return besideGateways(in, in.Waves, gatewayWaves(w, gateways)), validateWaves(in.Waves, selected)
	}
	var rest []string
	for _, name := range selected {
		if apart := in.Policy.Gateways; apart != step.GatewaysWith && in.Policy.MovesGateways() && gatewaysOnly(w, name) {
			gateways = append(gateways, name)
		} else {
			rest = append(rest, name)
		}
	}
	var waves [][]string
	if len(rest) > 0 {
		waves = divideEvenly(w, in, rest)
	}
	return besideGateways(in, waves, gatewayWaves(w, gateways)), nil
}

// besideGateways returns waves with those of gateways before or after them.
func besideGateways(in step.Intent, waves, gateways [][]string) [][]string {
	if in.Policy.Gateways == step.GatewaysFirst {
		return slices.Concat(gateways, waves)
	}
	return slices.Concat(waves, gateways)
}

// gatewaysOnly reports whether all workloads of a namespace are gateways.
func gatewaysOnly(w mesh.World, namespace string) bool {
	return hasOnly(w, namespace, func(wl mesh.Workload) bool { return wl.Gateway })
}

// hasOnly reports whether a namespace has workloads, and all of them match.
func hasOnly(w mesh.World, namespace string, match func(mesh.Workload) bool) bool {
	all := w.WorkloadsIn(namespace)
	return len(all) > 0 && !slices.ContainsFunc(all, func(wl mesh.Workload) bool { return !match(wl) })
}

// gatewayWaves returns one wave for each namespace or gateway, those of egress gateways first.
func gatewayWaves(w mesh.World, names []string) [][]string {
	ingress := func(name string) int {
		for _, wl := range w.WorkloadsIn(name) {
			if !strings.Contains(wl.Name+" "+wl.Template.Labels["istio"], "egress") {
				return 1
			}
		}
		return 0
	}
	ordered := slices.Clone(names)
	slices.SortStableFunc(ordered, func(a, b string) int { return cmp.Compare(ingress(a), ingress(b)) })
	var waves [][]string
	for _, name := range ordered {
		waves = append(waves, []string{name})
	}
	return waves
}

// divideEvenly divides namespaces into waves by their numbers of pods.
func divideEvenly(w mesh.World, in step.Intent, selected []string) [][]string {
	count := cmp.Or(in.WaveCount, defaultWaves)
	ordered := slices.Clone(selected)
	slices.SortStableFunc(ordered, func(a, b string) int { return cmp.Compare(countPods(w, a), countPods(w, b)) })
	if count <= 1 {
		return [][]string{ordered}
	}
	waves, rest := [][]string{ordered[:1]}, ordered[1:]
	for left := min(count-1, len(rest)); left > 0; left-- {
		n := (len(rest) + left - 1) / left
		waves, rest = append(waves, rest[:n]), rest[n:]
	}
	return waves
}

// validateWaves checks that explicit waves hold each selected namespace once, and no
// other namespace.
func validateWaves(waves [][]string, selected []string) error {
	seen := map[string]int{}
	for i, wave := range waves {
		if len(wave) == 0 {
			return fmt.Errorf("divide the namespaces: wave %d is empty", i+1)
		}
		for _, ns := range wave {
			if at, twice := seen[ns]; twice {
				return fmt.Errorf("divide the namespaces: %q is in wave %d and in wave %d", ns, at, i+1)
			}
			if !slices.Contains(selected, ns) {
				return fmt.Errorf("divide the namespaces: %q is in wave %d and not among the selected namespaces", ns, i+1)
			}
			seen[ns] = i + 1
		}
	}
	for _, ns := range selected {
		if _, ok := seen[ns]; !ok {
			return fmt.Errorf("divide the namespaces: %q is selected and in no wave", ns)
		}
	}
	return nil
}

// countPods returns the number of pods of a namespace's workloads.
func countPods(w mesh.World, namespace string) int {
	n := 0
	for _, wl := range w.WorkloadsIn(namespace) {
		n += len(wl.Pods)
	}
	return n
}
