// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// templateLabelIn returns the label istio.io/rev that a patch writes into a template, ""
// for none, and whether it writes nothing else.
func templateLabelIn(c step.Change) (label string, alone bool) {
	type template struct {
		Metadata struct{ Labels, Annotations map[string]*string }
	}
	var body struct {
		Spec struct {
			Template    template
			JobTemplate struct{ Spec struct{ Template template } }
		}
	}
	if err := json.Unmarshal(c.Patch, &body); err != nil {
		panic(err)
	}
	written := body.Spec.Template.Metadata
	if c.Kind == "CronJob" {
		written = body.Spec.JobTemplate.Spec.Template.Metadata
	}
	value, pins := written.Labels[mesh.RevisionLabel]
	switch {
	case !pins:
		return "", false
	case value == nil:
		return "-", len(written.Annotations) == 0
	}
	return *value, len(written.Annotations) == 0
}

// labelTemplate applies a write of a template's label.
func (f *fake) labelTemplate(c step.Change) {
	label, _ := templateLabelIn(c)
	f.simulate(step.Step{Kind: step.LabelTemplate, Subject: step.Subject(subjectOf(c)), TemplateLabel: label})
}

// cronJobUpgrade returns an upgrade with a CronJob in a namespace without labels, bound by
// the label of its own template.
func cronJobUpgrade() *fake {
	f := &fake{world: testMesh(), version: 1, intent: newUpgrade().intent, now: newUpgrade().now}
	absent := func(key string) mesh.Requirement { return mesh.Requirement{Key: key, Operator: mesh.DoesNotExist} }
	f.world.Webhooks = append(f.world.Webhooks, mesh.Webhook{
		Configuration: "istio-sidecar-injector-1-29-1", Name: "object", Revision: "1-29-1", Roots: []string{"root"},
		Namespaces: mesh.Selector{absent(mesh.RevisionLabel), absent(mesh.InjectionLabel)},
		Objects:    mesh.Selector{{Key: mesh.RevisionLabel, Operator: mesh.In, Values: []string{"1-29-1"}}}})
	f.world.Namespaces = append(f.world.Namespaces, mesh.Namespace{Name: "d", Labels: map[string]string{}})
	f.world.Workloads = append(f.world.Workloads, mesh.Workload{
		Kind: mesh.CronJob, Namespace: "d", Name: "report", Rollout: mesh.Rollout{Done: true},
		Template: mesh.Template{Hash: "t0", Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}}})
	f.world.Sort()
	f.intent.Waves = [][]string{{"a", "b"}, {"c", "d"}}
	f.approve()
	return f
}

func (f *fake) cronJobLabel() string {
	wl, _ := f.world.Workload("CronJob d/report")
	return wl.Template.Labels[mesh.RevisionLabel]
}

// A template without pods is labelled with its wave and restored by a rollback, after a
// crash at any call.
func TestTemplateLabelSurvivesAnyCrash(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		f := cronJobUpgrade()
		f.crashAt = n
		_, err := f.run()
		f.crashAt = 0
		if err != nil {
			on := cronJobUpgrade()
			on.crashAt = n
			_, _ = on.run()
			on.crashAt = 0
			expect(t, on, Completed)
			if got := on.cronJobLabel(); got != "1-31-0" {
				t.Fatalf("crash at call %d, continued: got next Job on %s, want 1-31-0", n, got)
			}
		} else if got := f.cronJobLabel(); got != "1-31-0" {
			t.Fatalf("got next Job on %s, want 1-31-0", got)
		}
		f.intent.Rollback = true
		expect(t, f, RolledBack)
		if got := f.cronJobLabel(); got != "1-29-1" {
			t.Fatalf("crash at call %d, rolled back: got next Job on %s, want 1-29-1", n, got)
		}
		if err == nil {
			t.Logf("%d crash points", n-1)
			return
		}
	}
}

// labelledUpgrade returns an upgrade with one workload of that kind in a namespace without
// labels, bound by the label of its own template.
func labelledUpgrade(kind mesh.Kind) *fake {
	f := cronJobUpgrade()
	wl, _ := f.world.Workload("Deployment c/x")
	wl.Kind, wl.Namespace, wl.Name, wl.Pods = kind, "d", "x", slices.Clone(wl.Pods)
	wl.Template.Labels = map[string]string{mesh.RevisionLabel: "1-29-1"}
	for i := range wl.Pods {
		wl.Pods[i].Name, wl.Pods[i].UID = fmt.Sprint("x-", i), fmt.Sprint("uid-", i)
	}
	f.world.Workloads = append(f.world.Workloads, wl)
	f.world.Sort()
	f.ledger = step.Ledger{}
	f.approve()
	return f
}

// A template that was labelled before a budget refused every eviction, or before a quota
// rejected every new pod, has its label again after the rollback, which waits for no
// capacity.
func TestRollbackRestoresTemplateLabels(t *testing.T) {
	t.Parallel()
	for _, kind := range []mesh.Kind{mesh.ReplicaSet, mesh.Deployment} {
		f := labelledUpgrade(kind)
		key := string(kind) + " d/x"
		f.beforeWrite = func(c step.Change) error {
			if c.Verb == step.EvictPod {
				return errors.Join(ErrConflict, errors.New("the disruption budget x needs 2 healthy pods and has 2 currently"))
			}
			return nil
		}
		f.onObserve = func(w *mesh.World) { // a Deployment keeps its old pods while its template has the new label
			if wl, _ := w.Workload(mesh.WorkloadRef(key)); kind == mesh.Deployment && wl.Template.Labels[mesh.RevisionLabel] == "1-31-0" {
				w.Capacity.Quotas = []mesh.Quota{{Namespace: "d", Name: "tight", Resource: "pods", Hard: 1, Used: 2}}
				for i := range w.Workloads {
					if string(w.Workloads[i].Ref()) == key {
						w.Workloads[i].Rollout, w.Workloads[i].Pods = mesh.Rollout{Message: "exceeded quota"}, slices.Clone(wl.Pods)
						for j := range wl.Pods {
							w.Workloads[i].Pods[j].Current, w.Workloads[i].Pods[j].Sidecar.Revision = false, "1-29-1"
						}
					}
				}
			}
		}
		expect(t, f, Held)
		wantHold(t, f, step.Hold{Reason: step.ReasonTimedOut, Subject: key})
		f.intent.Rollback = true
		expect(t, f, RolledBack)
		if wl, _ := f.world.Workload(mesh.WorkloadRef(key)); wl.Template.Labels[mesh.RevisionLabel] != "1-29-1" || len(evictedPods(f)) > 0 {
			t.Errorf("%s: after the rollback got template label %s, evictions %v, want 1-29-1 and none", kind,
				wl.Template.Labels[mesh.RevisionLabel], evictedPods(f))
		}
	}
}

// With OnDelete the template is labelled and then its pods are evicted one at a time. A
// rollback after a crash at any call restores both.
func TestOnDeleteTemplateIsLabelledAndPodsEvicted(t *testing.T) {
	t.Parallel()
	const key = "StatefulSet d/x"
	bring := func(dieAt int) *fake {
		f := labelledUpgrade(mesh.StatefulSet)
		f.onObserve = func(w *mesh.World) {
			for i, wl := range w.Workloads {
				if wl.Ref() != key {
					continue
				}
				w.Workloads[i].Pods, w.Workloads[i].Rollout = slices.Clone(wl.Pods), mesh.Rollout{OnDelete: true, Done: true}
				for j, p := range wl.Pods {
					if p.Sidecar.Revision != wl.Template.Labels[mesh.RevisionLabel] {
						w.Workloads[i].Pods[j].Current = false
						w.Workloads[i].Rollout = mesh.Rollout{OnDelete: true, Pending: true, Message: "pods of an older template remain"}
					}
				}
			}
		}
		f.onObserve(&f.world)
		f.ledger = step.Ledger{}
		f.approve()
		f.crashAt = dieAt
		return f
	}
	stands := func(f *fake) string {
		wl, _ := f.world.Workload(mesh.WorkloadRef(key))
		return fmt.Sprint(wl.Template.Labels[mesh.RevisionLabel], wl.Sidecars(), evictedPods(f))
	}
	f := bring(0)
	expect(t, f, Completed)
	if got := stands(f); got != "1-31-0[1-31-0] [x-1 x-0]" {
		t.Fatalf("got %s", got)
	}
	for n := 1; ; n += 3 {
		f := bring(n)
		_, err := f.run()
		f.crashAt, f.writes, f.intent.Rollback = 0, nil, true
		expect(t, f, RolledBack)
		if got := stands(f); !strings.HasPrefix(got, "1-29-1[1-29-1]") {
			t.Fatalf("crash at call %d, rolled back: got %s", n, got)
		}
		if err == nil {
			return
		}
	}
}
