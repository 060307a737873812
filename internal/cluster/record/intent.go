// SPDX-License-Identifier: Apache-2.0

package record

import (
	"cmp"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// IntentOf returns a MeshUpgrade's spec in the planner's terms, with the defaults
// that v1alpha1 documents.
func IntentOf(m v1alpha1.MeshUpgrade) (step.Intent, error) {
	s := m.Spec
	i := step.Intent{
		Run:               m.Name,
		Revision:          s.Revision,
		Version:           s.Version,
		Input:             v1alpha1.InputDigest(s),
		Installable:       s.Install != nil && len(s.Install.Raw) > 0 || s.Helm != nil || s.Await,
		WaveCount:         cmp.Or(s.WaveCount, 3),
		Parallel:          cmp.Or(s.MaxParallel, 4),
		ReadyTimeout:      durationOr(s.ReadyTimeout, 10*time.Minute),
		Soak:              durationOr(s.Soak, time.Minute),
		ParkMax:           durationOr(s.ParkMax, step.DefaultParkMax),
		Policy:            policyOf(s),
		Tags:              step.TagMode(s.Tags),
		Labels:            step.LabelMode(s.Labels),
		From:              s.From,
		Remove:            s.RemoveOld,
		RollbackOnFailure: s.RollbackOnFailure,
		Rollback:          s.Rollback,
	}
	if n := s.Namespaces; n != nil {
		i.Namespaces, i.Exclude = n.Names, n.Exclude
		if n.Selector != nil {
			if _, err := metav1.LabelSelectorAsSelector(n.Selector); err != nil {
				return i, fmt.Errorf("read MeshUpgrade %s: spec.namespaces.selector: %w", m.Name, err)
			}
			selector := client.Selector(n.Selector)
			i.Selector = &selector
		}
	}
	for _, w := range s.Waves {
		i.Waves = append(i.Waves, w.Namespaces)
	}
	return i, nil
}

func policyOf(s v1alpha1.MeshUpgradeSpec) step.Policy {
	p := step.Policy{Strategy: step.Strategy(s.Strategy), Trial: step.TrialMode(s.Trial), Gateways: step.GatewayMode(s.Gateways)}
	p.RendersGateways = s.Install != nil && len(s.Install.Raw) > 0
	for _, r := range s.Workloads {
		p.Rules = append(p.Rules, step.Rule{
			Kind: mesh.ParseKind(r.Kind), Namespace: r.Namespace, Name: r.Name,
			Strategy: step.Strategy(r.Strategy), Field: r.Field, Trial: step.TrialMode(r.Trial),
		})
	}
	return p
}

// durationOr returns a duration that is set, zero included, else the default.
func durationOr(d *metav1.Duration, otherwise time.Duration) time.Duration {
	if d == nil {
		return otherwise
	}
	return d.Duration
}
