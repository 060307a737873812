// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// nouns are what writes are counted as, in their order.
var nouns = []struct {
	kind step.Kind
	noun string
}{
	{step.Install, "install"},
	{step.DeleteTrial, "withdrawal"},
	{step.Trial, "trial"},
	{step.Pin, "pin"},
	{step.Label, "namespace label"},
	{step.LabelTemplate, "template label"},
	{step.EvictStuckPod, "eviction"},
	{step.Restart, "restart"},
	{step.EvictPods, "replacement"},
	{step.Tag, "tag"},
	{step.RestoreLabel, "label to give back"},
	{step.Swap, "swap"},
	{step.DeleteParked, "retirement"},
	{step.Remove, "removal"},
}

// sum closes a proposal: how much is written, under which limits, its digest.
func (p Proposal) sum() []string {
	n, total := p.writes(), 0
	var parts []string
	for _, k := range nouns {
		if total += n[k.kind]; n[k.kind] > 0 {
			parts = append(parts, format.Count(n[k.kind], k.noun)+p.others(k.kind))
		}
	}
	lines := []string{fmt.Sprintf("%s to the mesh: %s. The run itself is recorded in MeshUpgrade %s.",
		format.Count(total, "write"), cmp.Or(strings.Join(parts, ", "), "none, only proofs are left"), p.Run+p.defined())}
	if n[step.Swap] > 0 {
		lines = append(lines, "A swap moves its workload pod by pod: it writes to each pod a few times, and never to the template.")
	}
	lines = append(lines, p.limits(), "Plan digest "+p.Plan.Digest)
	if p.Plan.Target.Rollback {
		lines = append(lines, p.left())
	}
	return lines
}

// others says that an install is only waited for.
func (p Proposal) others(k step.Kind) string {
	if k == step.Install && p.Installer != nil && p.Installer.Await {
		return " by other hands"
	}
	return ""
}

// defined says that the definition of the record comes first.
func (p Proposal) defined() string {
	if len(p.Plan.Stages) > 0 && p.Plan.Stages[0].Kind == step.Define {
		return ", whose definition is put first"
	}
	return ""
}

func (p Proposal) limits() string {
	failing := "a failing proof stops the run there"
	if p.Intent.RollbackOnFailure && !p.Plan.Target.Rollback {
		failing = "a failing proof stops the run and puts its wave back"
	}
	return fmt.Sprintf("At most %s at the same time; each has %s to be ready and proven; %s.",
		format.Count(p.Intent.Parallel, "restart"), format.Duration(p.Intent.ReadyTimeout), failing)
}
