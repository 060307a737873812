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
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
)

// pinIn is the label istio.io/rev that a patch writes into a template, "" none, and
// whether it writes nothing else.
func pinIn(c step.Change) (label string, alone bool) {
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

// preset writes the label of a template.
func (f *fake) preset(c step.Change) {
	label, _ := pinIn(c)
	f.world, _ = plan.Simulate(f.world, step.Target{}, step.Ledger{}, step.Step{Kind: step.LabelTemplate, Subject: step.Subject(subjectOf(c)), TemplateLabel: label}, f.now)
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
func TestTemplateLabelSurvivesAnyCrash(t *testing.T) {
	t.Parallel()
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

// labelled is an upgrade with one workload of that kind in a namespace without
// labels, which its own pods' label binds.
func labelled(kind mesh.Kind) *fake {
	f := scheduled()
	wl, _ := f.world.Workload("Deployment c/x")
	wl.Kind, wl.Namespace, wl.Name, wl.Pods = kind, "d", "x", slices.Clone(wl.Pods)
	wl.Template.Labels = map[string]string{mesh.RevisionLabel: "1-29-1"}
	for i := range wl.Pods {
		wl.Pods[i].Name, wl.Pods[i].UID = fmt.Sprint("x-", i), fmt.Sprint("uid-", i)
	}
	f.world.Workloads = append(f.world.Workloads, wl)
	f.world.Sort()
	f.ledger = step.Ledger{}
	f.agree()
	return f
}

// A template that was pinned before a budget refused every eviction, or before
// quota let no new pod be made, has its label again after the way back; nobody
// waits for room for that.
func TestRollbackRestoresTemplateLabels(t *testing.T) {
	t.Parallel()
	for _, kind := range []mesh.Kind{mesh.ReplicaSet, mesh.Deployment} {
		f := labelled(kind)
		key := string(kind) + " d/x"
		f.cut = func(c step.Change) error {
			if c.Verb == step.EvictPod {
				return errors.Join(ErrConflict, errors.New("the disruption budget x needs 2 healthy pods and has 2 currently"))
			}
			return nil
		}
		f.sees = func(w *mesh.World) { // a Deployment's pods are the old ones for as long as its template is pinned
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
		if h := f.ledger.Held; h.Reason != timedOut || h.Subject != key {
			t.Errorf("%s: held with %+v", kind, h)
		}
		f.intent.Rollback = true
		expect(t, f, RolledBack)
		if wl, _ := f.world.Workload(mesh.WorkloadRef(key)); wl.Template.Labels[mesh.RevisionLabel] != "1-29-1" || len(ended(f)) > 0 {
			t.Errorf("%s: taken back, its template's label is %s, and pods were evicted: %v", kind, wl.Template.Labels[mesh.RevisionLabel], ended(f))
		}
	}
}

// With OnDelete what is pinned is evicted pod by pod, and comes back, wherever the
// process dies: the template is newer than the pods by the run's own write.
func TestOnDeleteTemplateIsLabelledAndPodsEvicted(t *testing.T) {
	t.Parallel()
	const key = "StatefulSet d/x"
	bring := func(dieAt int) *fake {
		f := labelled(mesh.StatefulSet)
		f.sees = func(w *mesh.World) {
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
		f.sees(&f.world)
		f.ledger = step.Ledger{}
		f.agree()
		f.dieAt = dieAt
		return f
	}
	stands := func(f *fake) string {
		wl, _ := f.world.Workload(key)
		return fmt.Sprint(wl.Template.Labels[mesh.RevisionLabel], wl.Sidecars(), ended(f))
	}
	f := bring(0)
	expect(t, f, Completed)
	if got := stands(f); got != "1-31-0[1-31-0] [x-1 x-0]" {
		t.Fatalf("it stands at %s", got)
	}
	for n := 1; ; n += 3 {
		f := bring(n)
		_, err := f.run()
		f.dieAt, f.writes, f.intent.Rollback = 0, nil, true
		expect(t, f, RolledBack)
		if got := stands(f); !strings.HasPrefix(got, "1-29-1[1-29-1]") {
			t.Fatalf("killed after port call %d and taken back: it stands at %s", n, got)
		}
		if err == nil {
			return
		}
	}
}
