// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// maxProxiesAsked is how many proxies of a wave are asked if the first don't answer.
const maxProxiesAsked = 3

// noteTrustedRoots asks one proxy of each wave for its certificate before anything
// moves. If the certificate chains to a root other than the one in istiod's ConfigMap
// (SPIRE, a signer for each namespace), the ledger gets the roots that the proxy
// trusts: after the move no proxy can be asked. Otherwise, or if no proxy answers, it
// gets none.
func (t *turn) noteTrustedRoots(ctx context.Context, oldRevisions []string) {
	var roots []string
	for _, g := range t.target.Waves {
		for _, p := range t.proxiesToAsk(g, oldRevisions) {
			c, err := t.Observer.Certificate(ctx, p.namespace, p.name)
			if err != nil {
				continue
			}
			if !c.Chains && len(c.ChainRoots) > 0 {
				roots = append(roots, c.TrustedRoots...)
			}
			break
		}
	}
	if len(roots) > 0 {
		slices.Sort(roots)
		t.ledger.TrustedRoots = slices.Compact(roots)
	}
}

type podRef struct{ namespace, name string }

// proxiesToAsk returns pods of a wave, one of a workload, whose proxies are connected
// to a control plane that the run replaces.
func (t *turn) proxiesToAsk(g step.Wave, oldRevisions []string) []podRef {
	var list []podRef
	for _, ns := range g.Namespaces {
		for _, wl := range t.world.WorkloadsIn(ns) {
			pods := wl.Live()
			i := slices.IndexFunc(pods, func(p mesh.Pod) bool {
				return p.Running && slices.ContainsFunc(t.world.Connections(wl.Namespace, p.Name), func(c mesh.Proxy) bool {
					return slices.Contains(oldRevisions, c.Revision)
				})
			})
			if i >= 0 {
				list = append(list, podRef{wl.Namespace, pods[i].Name})
			}
			if len(list) == maxProxiesAsked {
				return list
			}
		}
	}
	return list
}
