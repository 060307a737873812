// SPDX-License-Identifier: Apache-2.0

package removal_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/baseline"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// worldWithReferences returns a World with more references to the old revision than the moved
// workloads: an unused tag, the default's validator, a label without effect, and a namespace
// that is not moved.
func worldWithReferences() mesh.World {
	w := worldWithComponents()
	w.Webhooks = slices.DeleteFunc(w.Webhooks, func(h mesh.Webhook) bool { return h.Tag == "default" })
	w.Webhooks = append(w.Webhooks, plantest.Webhooks("1-29-1", "canary")...)
	w.Tags = []mesh.Tag{{Name: "canary", Revision: "1-29-1", Service: "1-29-1"}, {Name: "prod", Revision: "1-29-1"}}
	w.Validator = mesh.Validator{Configuration: "istiod-default-validator", Revision: "1-29-1"}
	w.Namespaces = slices.DeleteFunc(w.Namespaces, func(n mesh.Namespace) bool { return n.Name == "a" })
	w.Workloads = slices.DeleteFunc(w.Workloads, func(wl mesh.Workload) bool { return wl.Namespace == "a" || wl.Gateway })
	for i, wl := range w.Workloads {
		if wl.Ref() == "Deployment b/w0" {
			w.Workloads[i].Template.Labels = map[string]string{mesh.RevisionLabel: "1-29-1"}
		}
	}
	w.Components = slices.DeleteFunc(w.Components, func(b mesh.Component) bool { return b.Shared })
	w.References = []mesh.Reference{
		{Subject: "ValidatingWebhookConfiguration istiod-default-validator", Revision: "1-29-1", Through: "it calls Service istiod-1-29-1"},
	}
	w.Sort()
	return w
}

func references(p plan.Plan) []string {
	var list []string
	for _, n := range p.Notes {
		if n.Kind == step.StillReferenced {
			list = append(list, n.Subject+": "+n.Evidence)
		}
	}
	slices.Sort(list)
	return list
}

// With a removal, references that bind no workload are moved too, and restored by a rollback.
// References that the run does not move are named before it begins.
func TestReferencesAreMovedOrNamed(t *testing.T) {
	w := worldWithReferences()
	in := plantest.IntentForAll()
	in.Namespaces, in.Remove = []string{"b", "c"}, true
	target, err := plan.ResolveTarget(w, in, step.Ledger{})
	if err != nil {
		t.Fatal(err)
	}
	planned := plan.Make(w, target, step.Ledger{})
	if diff := cmp.Diff(map[string]string{"canary": "1-31-0", "default": "1-31-0", "prod": "1-31-0"}, target.Tags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	want := []string{"DaemonSet d/w2: it runs proxies of 1-29-1", "Deployment d/w0: it runs proxies of 1-29-1",
		"Namespace d: label istio.io/rev=1-29-1", "StatefulSet d/w1: it runs proxies of 1-29-1"}
	if diff := cmp.Diff(want, references(planned)); diff != "" {
		t.Errorf("references (-want +got):\n%s", diff)
	}
	end, l, _ := plantest.Run(t, w, target, plan.NewLedger(planned, plantest.Noon), -1, plantest.First, nil)
	for _, tag := range []string{"canary", "default", "prod"} {
		if at := end.TagRevisions(tag); !slices.Equal(at, []string{"1-31-0"}) {
			t.Errorf("tag %s: got %v, want 1-31-0", tag, at)
		}
	}
	back := plan.RollbackTarget(in, l, 0)
	end, _, _ = plantest.Run(t, end, back, plantest.Approve(end, back, l), -1, plantest.First, nil)
	for _, tag := range []string{"canary", "default", "prod"} {
		if at := end.TagRevisions(tag); !slices.Equal(at, []string{"1-29-1"}) {
			t.Errorf("tag %s after the rollback: got %v, want 1-29-1", tag, at)
		}
	}
	in.Tags = step.KeepTags
	target, err = plan.ResolveTarget(w, in, step.Ledger{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{
		"tag canary: it names 1-29-1",
		"tag prod: it names 1-29-1",
		"ValidatingWebhookConfiguration istiod-default-validator: it calls Service istiod-1-29-1",
	} {
		if list := references(plan.Make(w, target, step.Ledger{})); !slices.Contains(list, tag) {
			t.Errorf("references with tags kept: got %v, want %q in them", list, tag)
		}
	}
	in.Remove = false
	if b := baseline.New(w, in, []string{"b"}); len(b.Tags) != 0 {
		t.Errorf("baseline without a removal: got tags %v, want none", b.Tags)
	}
}

// A template that the untagged revision injects by the pods' own label, and that the run does not
// move, is named, although no label istio.io/rev refers to the revision.
func TestUntaggedInjectionIsAReference(t *testing.T) {
	w := plantest.UntaggedWorld()
	w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: "batch"})
	nightly := plantest.Workload(mesh.CronJob, "batch", "nightly", 0)
	nightly.Template.Labels = map[string]string{mesh.SidecarLabel: "true"}
	beside := plantest.Workload(mesh.Deployment, "batch", "beside", 0) // without label: not injected
	w.Workloads = append(w.Workloads, nightly, beside)
	w.Components = []mesh.Component{
		{Kind: "Deployment", Namespace: "istio-system", Name: "istiod", Revision: "default", IstioComponent: "Pilot", UID: "1"},
	}
	w.Sort()
	for _, c := range []struct{ moved, want []string }{
		{[]string{"a", "b", "own"}, []string{"CronJob batch/nightly: the webhook of default injects its pods"}},
		{[]string{"a", "b", "own", "batch"}, nil},
	} {
		in := plantest.IntentForAll()
		in.Namespaces, in.Remove = c.moved, true
		target, err := plan.ResolveTarget(w, in, step.Ledger{})
		if err != nil {
			t.Fatal(err)
		}
		got := slices.DeleteFunc(
			references(plan.Make(w, target, step.Ledger{})),
			func(line string) bool { return !strings.Contains(line, " batch/") },
		)
		if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("references with %v moved (-want +got):\n%s", c.moved, diff)
		}
	}
}
