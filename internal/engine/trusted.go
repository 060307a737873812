// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// patient is how many proxies of a wave are asked where the first do not answer.
const patient = 3

// noteTrusted asks, before anything is moved, one proxy of each wave for what it
// holds and trusts. Where its certificate leads to another root than the one in
// istiod's ConfigMap (SPIRE, a signer for each namespace), what it trusts is what
// the mesh goes by, and it is written down: once all have moved nobody can be asked
// any more. In every other mesh, and where no proxy answers, nothing is.
func (t *turn) noteTrusted(ctx context.Context, olds []string) {
	var roots []string
	for _, g := range t.target.Waves {
		for _, p := range t.witnesses(g, olds) {
			c, err := t.Observer.Certificate(ctx, p.namespace, p.pod)
			if err != nil {
				continue
			}
			if !c.Chains && len(c.Leads) > 0 {
				roots = append(roots, c.Trusts...)
			}
			break
		}
	}
	if len(roots) > 0 {
		slices.Sort(roots)
		t.ledger.TrustedRoots = slices.Compact(roots)
	}
}

// witness is a pod whose proxy is asked.
type witness struct{ namespace, pod string }

// witnesses are the first pods of a wave whose proxies are served by a control
// plane that is moved away from, one of a workload.
func (t *turn) witnesses(g step.Wave, olds []string) []witness {
	var list []witness
	for _, ns := range g.Namespaces {
		for _, wl := range t.world.In(ns) {
			pods := wl.Live()
			i := slices.IndexFunc(pods, func(p mesh.Pod) bool {
				return p.Running && slices.ContainsFunc(t.world.Connections(ns, p.Name), func(c mesh.Proxy) bool { return slices.Contains(olds, c.Revision) })
			})
			if i >= 0 {
				list = append(list, witness{ns, pods[i].Name})
			}
			if len(list) == patient {
				return list
			}
		}
	}
	return list
}
