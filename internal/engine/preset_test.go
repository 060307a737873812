// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/json"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
)

// preset writes the label of a CronJob's template.
func (f *fake) preset(c plan.Change) {
	var body struct {
		Spec struct {
			JobTemplate struct {
				Spec struct {
					Template struct {
						Metadata struct{ Labels map[string]*string }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(c.Patch, &body); err != nil {
		panic(err)
	}
	label := "-"
	if value := body.Spec.JobTemplate.Spec.Template.Metadata.Labels[mesh.RevisionLabel]; value != nil {
		label = *value
	}
	f.world, _ = plan.After(f.world, plan.Target{}, plan.Ledger{}, plan.Step{Kind: plan.Preset, Subject: subjectOf(c), Pin: label}, f.now)
}

// scheduled is an upgrade with a CronJob in a namespace without labels, which its
// own pods' label binds.
func scheduled() *fake {
	f := &fake{world: meshOf(), version: 1, intent: upgrade().intent, now: upgrade().now}
	absent := func(key string) mesh.Requirement { return mesh.Requirement{Key: key, Operator: mesh.DoesNotExist} }
	f.world.Webhooks = append(f.world.Webhooks, mesh.Webhook{Configuration: "istio-sidecar-injector-1-29-1", Name: "object", Revision: "1-29-1", Roots: []string{"root"},
		Namespaces: mesh.Selector{absent(mesh.RevisionLabel), absent(mesh.InjectionLabel)},
		Objects:    mesh.Selector{{Key: mesh.RevisionLabel, Operator: mesh.In, Values: []string{"1-29-1"}}}})
	f.world.Namespaces = append(f.world.Namespaces, mesh.Namespace{Name: "d", Labels: map[string]string{}})
	f.world.Workloads = append(f.world.Workloads, mesh.Workload{Kind: mesh.CronJob, Namespace: "d", Name: "report", Rollout: mesh.Rollout{Done: true},
		Template: mesh.Template{Hash: "t0", Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}}})
	f.world.Sort()
	f.intent.Waves = [][]string{{"a", "b"}, {"c", "d"}}
	f.agree()
	return f
}

func (f *fake) report() string {
	wl, _ := f.world.Workload("CronJob d/report")
	return wl.Template.Labels[mesh.RevisionLabel]
}

// What has no pods is pinned with its wave and given back, wherever the process dies.
func TestACrashAnywhereAroundAPinnedTemplate(t *testing.T) {
	for n := 1; ; n++ {
		f := scheduled()
		f.dieAt = n
		_, err := f.run()
		f.dieAt = 0
		if err != nil {
			on := scheduled()
			on.dieAt = n
			_, _ = on.run()
			on.dieAt = 0
			expect(t, on, Completed)
			if got := on.report(); got != "1-31-0" {
				t.Fatalf("killed after port call %d and gone on: the next Job is of %s", n, got)
			}
		} else if got := f.report(); got != "1-31-0" {
			t.Fatalf("the next Job is of %s", got)
		}
		f.intent.Rollback = true
		expect(t, f, RolledBack)
		if got := f.report(); got != "1-29-1" {
			t.Fatalf("killed after port call %d and taken back: the next Job is of %s", n, got)
		}
		if err == nil {
			t.Logf("%d crash points", n-1)
			return
		}
	}
}
