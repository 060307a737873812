// SPDX-License-Identifier: Apache-2.0

package record

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
)

// formerRecords are MeshUpgrades that version 0.1 wrote on a lab: see the
// README in that folder.
const formerRecords = "../testdata/records-0.1"

func readFormer(t *testing.T, name string) (step.Intent, step.Ledger) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(formerRecords, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var m v1alpha1.MeshUpgrade
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	in, err := IntentOf(m)
	if err != nil {
		t.Fatal(err)
	}
	l, err := ReadLedger(m.Status.Ledger)
	if err != nil {
		t.Fatal(err)
	}
	return in, l
}

func TestFormerRecordsAreRead(t *testing.T) {
	files, err := filepath.Glob(formerRecords + "/*.json")
	if err != nil || len(files) < 5 {
		t.Fatalf("got %d records, %v, want at least 5", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			_, l := readFormer(t, name)
			for _, s := range l.Approved {
				if !slices.Contains(step.Kinds(), s.Kind) {
					t.Errorf("approved step %s: got kind %q, want a known one", s, s.Kind)
				}
			}
			for key := range l.Passed {
				if !slices.Contains(step.Kinds(), key.Kind) || key.Revision == "" {
					t.Errorf("verdict %q: got kind %q and revision %q", key, key.Kind, key.Revision)
				}
			}
			packed, err := client.Pack(l)
			if err != nil {
				t.Fatal(err)
			}
			again, err := ReadLedger(packed)
			if diff := cmp.Diff(l, again); diff != "" || err != nil {
				t.Errorf("written and read again: %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// A run of the former version continues at any point of its plan without drift, and its
// rollback restores the labels of its baseline.
func TestFormerRecordsAreContinued(t *testing.T) {
	for _, name := range []string{"midwaves", "completed", "held", "trial"} {
		t.Run(name, func(t *testing.T) {
			in, l := readFormer(t, name)
			w := worldOf(l.Baseline)
			target, err := plan.ForwardTarget(w, in, l)
			if err != nil {
				t.Fatal(err)
			}
			l.Reached = 0
			for len(plan.Steps(w, target, l)) > 0 {
				left := plan.Steps(w, target, l)
				if drift := plan.Drift(left, target, l); drift != nil {
					t.Fatalf("before %s: got drift %v, want none", left[0].Steps[0], drift)
				}
				l.Reached = max(l.Reached, plan.RankOf(target, left[0].Wave, left[0].Kind))
				w, l = plan.Simulate(w, target, l, left[0].Steps[0], l.Started)
			}
			in.Rollback = true
			back := plan.RollbackTarget(in, l, 0)
			l = plan.Approve(l, plan.Make(w, back, l), l.Started)
			for len(plan.Steps(w, back, l)) > 0 {
				w, l = plan.Simulate(w, back, l, plan.Steps(w, back, l)[0].Steps[0], l.Started.Add(time.Hour))
			}
			for ns, want := range l.Baseline.Bindings {
				if got, _ := w.Namespace(ns); got.Binding().String() != want {
					t.Errorf("namespace %s after the rollback: got %s, want %s", ns, got.Binding(), want)
				}
			}
		})
	}
}

// worldOf builds the mesh of a baseline: its revisions, tags, namespaces and workloads.
func worldOf(b step.Baseline) mesh.World {
	w := mesh.World{RootNamespace: "istio-system", Namespaces: []mesh.Namespace{{Name: "istio-system"}}}
	for revision, version := range b.Versions {
		install := step.Step{Kind: step.Install, Subject: step.Subject(revision), To: version}
		w, _ = plan.Simulate(w, step.Target{Revision: revision, Version: version}, step.Ledger{}, install, time.Time{})
	}
	for tag, revision := range b.Tags {
		w.Tags = append(w.Tags, mesh.Tag{Name: tag, Revision: revision})
		enabled := mesh.Requirement{Key: mesh.InjectionLabel, Operator: mesh.In, Values: []string{"enabled"}}
		w.Webhooks = append(w.Webhooks, mesh.Webhook{
			Configuration: "istio-revision-tag-" + tag, Name: "namespace.sidecar-injector.istio.io", Revision: revision, Tag: tag,
			Namespaces: mesh.Selector{enabled},
		})
	}
	for ns, text := range b.Bindings {
		// What a record holds parses.
		binding, _ := mesh.ParseBinding(text)
		labels := map[string]string{}
		if binding.Injection.Set {
			labels[mesh.InjectionLabel] = binding.Injection.Value
		}
		if binding.Revision.Set {
			labels[mesh.RevisionLabel] = binding.Revision.Value
		}
		w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: ns, Labels: labels})
	}
	for ref, revision := range b.Sidecars {
		if _, moved := b.Bindings[ref.Namespace()]; !moved {
			continue
		}
		w.Workloads = append(w.Workloads, mesh.Workload{
			Kind: ref.Kind(), Namespace: ref.Namespace(), Name: ref.Name(), Replicas: 1, Rollout: mesh.Rollout{Done: true},
			Template: mesh.Template{Hash: "of the baseline"},
			Pods: []mesh.Pod{{
				Name: ref.Name() + "-0", UID: ref.Name(), Running: true, Ready: true, Current: true,
				Sidecar: mesh.Sidecar{Present: true, Revision: revision},
			}},
		})
	}
	w.Sort()
	return w
}
