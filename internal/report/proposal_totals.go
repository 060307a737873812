// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// totals close a proposal: the number of changes, the limits, the digest.
func (p Proposal) totals() []string {
	counts, total := p.changesByKind(), 0
	var parts []string
	for _, kind := range step.Kinds() {
		words := vocabulary[kind].counted
		if n := counts[kind]; n > 0 && words[0] != "" {
			total += n
			parts = append(parts, fmt.Sprintf("%d %s%s", n, format.Choose(n, words[0], words[1]), p.installedBy(kind)))
		}
	}
	lines := []string{fmt.Sprintf("%s: %s. The run is recorded in MeshUpgrade %s.",
		format.Count(total, "change"), cmp.Or(strings.Join(parts, ", "), "none, only verification is left"), p.Run)}
	if counts[step.Swap] > 0 {
		lines = append(lines, p.aboutSwaps())
	}
	lines = append(lines, p.limits(), "Plan digest "+p.Plan.Digest)
	if p.Plan.Target.Rollback {
		lines = append(lines, p.controlPlaneLeft())
	}
	return lines
}

// aboutSwaps says what a swap changes, and a held rollout.
func (p Proposal) aboutSwaps() string {
	text := "A swap replaces a workload pod by pod. It changes pods, not the template."
	if slices.ContainsFunc(p.Plan.Decisions, func(d strategy.WorkloadDecision) bool { return d.Strategy == step.ByHold }) {
		text += " A held rollout changes the template, and its old pods stay until the new ones are verified."
	}
	return text
}

func (p Proposal) changesByKind() map[step.Kind]int {
	counts := map[step.Kind]int{}
	for _, s := range step.Writes(p.Plan.Stages) {
		counts[s.Kind]++
	}
	return counts
}

// installedBy marks an install that the run only waits for.
func (p Proposal) installedBy(kind step.Kind) string {
	if kind == step.Install && p.Installer != nil && p.Installer.Await {
		return " by another tool"
	}
	return ""
}

func (p Proposal) limits() string {
	failure := "If a verification fails, the run stops there."
	if p.Intent.RollbackOnFailure && !p.Plan.Target.Rollback {
		failure = "If a verification fails, its wave is rolled back and the run stops."
	}
	if !slices.ContainsFunc(p.Plan.Stages, func(stage step.Stage) bool { return stage.Kind.MovesPods() }) {
		return fmt.Sprintf("Nothing is restarted. Each check has %s to pass. %s", format.Duration(p.Intent.ReadyTimeout), failure)
	}
	return fmt.Sprintf("At most %s at the same time, each with %s to become ready and verified. %s",
		format.Count(p.Intent.Parallel, "restart"), format.Duration(p.Intent.ReadyTimeout), failure)
}

// controlPlaneLeft tells whether proxies stay on the control plane that a rollback leaves.
func (p Proposal) controlPlaneLeft() string {
	if n := len(remainingProxies(p.World, p.Plan.Target, p.Intent.Revision)); n > 0 {
		return fmt.Sprintf("The control plane of revision %s stays installed and in use: %s connected to it %s not rolled back.",
			p.Intent.Revision, format.Count(n, "proxy"), format.Are(n))
	}
	return fmt.Sprintf("The control plane of revision %s stays installed and unused.", p.Intent.Revision)
}

// remainingProxies returns the pods whose proxies are connected to a revision and
// stay there.
func remainingProxies(w mesh.World, t step.Target, revision string) []string {
	seen := map[string]bool{}
	var pods []string
	for _, x := range w.Proxies {
		pod := x.Namespace + "/" + x.Pod
		if x.Revision == revision && !seen[pod] && !leaves(w, t, x, revision) {
			seen[pod] = true
			pods = append(pods, pod)
		}
	}
	return pods
}

// leaves reports whether a proxy leaves a revision: the target moves it, its pod is
// ending, or it is a trial pod. A proxy without a known pod, such as a VM's, stays.
func leaves(w mesh.World, t step.Target, x mesh.Proxy, revision string) bool {
	for _, wl := range w.WorkloadsIn(x.Namespace) {
		i := slices.IndexFunc(wl.Pods, func(p mesh.Pod) bool { return p.Name == x.Pod })
		if i < 0 {
			continue
		}
		moves := t.RevisionOf(wl) != "" && t.RevisionOf(wl) != revision && strategy.Decide(t.Policy, wl).Moves()
		return moves || wl.Pods[i].Terminating || wl.Pods[i].Swap.Place == mesh.Parked
	}
	return slices.ContainsFunc(w.Trials, func(tr mesh.Trial) bool { return tr.Namespace == x.Namespace && tr.Pod.Name == x.Pod })
}
