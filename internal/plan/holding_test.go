// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/baseline"
	"github.com/rerig/rerig/internal/step"
)

// leftBehind is a mesh in which more leads to the old revision than what is moved
// is bound by: a tag that nobody uses, the default's validator alone, a label that
// decides nothing, and a namespace that is not moved.
func leftBehind() mesh.World {
	w := owned()
	w.Webhooks = slices.DeleteFunc(w.Webhooks, func(h mesh.Webhook) bool { return h.Tag == "default" })
	w.Webhooks = append(w.Webhooks, hooks("1-29-1", "canary")...)
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
	w.Referrers = []mesh.Reference{
		{Subject: "ValidatingWebhookConfiguration istiod-default-validator", Revision: "1-29-1", Through: "it calls Service istiod-1-29-1"},
	}
	w.Sort()
	return w
}

func holders(p Plan) []string {
	var list []string
	for _, n := range p.Notes {
		if n.Kind == step.StillReferenced {
			list = append(list, n.Subject+": "+n.Evidence)
		}
	}
	slices.Sort(list)
	return list
}

// Where the old revision is to go, what leads to it and binds nobody is moved too,
// and comes back; what the run does not move is named before it begins.
func TestWhatLeadsToARevisionThatGoesIsMovedOrNamed(t *testing.T) {
	w := leftBehind()
	in := allOf()
	in.Namespaces, in.Remove = []string{"b", "c"}, true
	target, err := ResolveTarget(w, in, step.Ledger{})
	if err != nil {
		t.Fatal(err)
	}
	plan := Make(w, target, step.Ledger{})
	if diff := cmp.Diff(map[string]string{"canary": "1-31-0", "default": "1-31-0", "prod": "1-31-0"}, target.Tags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	want := []string{"DaemonSet d/w2: it runs proxies of 1-29-1", "Deployment b/w0: its template has istio.io/rev=1-29-1",
		"Deployment d/w0: it runs proxies of 1-29-1", "Namespace d: label istio.io/rev=1-29-1", "StatefulSet d/w1: it runs proxies of 1-29-1"}
	if diff := cmp.Diff(want, holders(plan)); diff != "" {
		t.Errorf("what holds (-want +got):\n%s", diff)
	}
	end, l, _ := carry(t, w, target, NewLedger(plan, noon), -1, first, nil)
	for _, tag := range []string{"canary", "default", "prod"} {
		if at := end.TagRevisions(tag); !slices.Equal(at, []string{"1-31-0"}) {
			t.Errorf("%s ends at %v", tag, at)
		}
	}
	back := RollbackTarget(in, l, 0)
	end, _, _ = carry(t, end, back, Approve(l, Make(end, back, l), noon), -1, first, nil)
	for _, tag := range []string{"canary", "default", "prod"} {
		if at := end.TagRevisions(tag); !slices.Equal(at, []string{"1-29-1"}) {
			t.Errorf("%s comes back to %v", tag, at)
		}
	}
	in.Tags = step.KeepTags
	target, err = ResolveTarget(w, in, step.Ledger{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{
		"tag canary: it names 1-29-1",
		"tag prod: it names 1-29-1",
		"ValidatingWebhookConfiguration istiod-default-validator: it calls Service istiod-1-29-1",
	} {
		if list := holders(Make(w, target, step.Ledger{})); !slices.Contains(list, tag) {
			t.Errorf("with tags kept %q is not named: %v", tag, list)
		}
	}
	in.Remove = false
	if b := baseline.New(w, in, []string{"b"}); len(b.Tags) != 0 {
		t.Errorf("without a removal the baseline holds the tags %v", b.Tags)
	}
}

// What the untagged revision injects by its pods' own label, and the run does not
// move, is named too: no label istio.io/rev tells of it. What is moved is not.
func TestATemplateThatTheUntaggedRevisionInjectsIsNamed(t *testing.T) {
	w := untagged()
	w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: "batch"})
	nightly := workload(mesh.CronJob, "batch", "nightly", 0)
	nightly.Template.Labels = map[string]string{mesh.SidecarLabel: "true"}
	beside := workload(mesh.Deployment, "batch", "beside", 0) // no label: not injected
	w.Workloads = append(w.Workloads, nightly, beside)
	w.Components = []mesh.Component{
		{Kind: "Deployment", Namespace: "istio-system", Name: "istiod", Revision: "default", IstioComponent: "Pilot", UID: "1"},
	}
	w.Sort()
	for _, c := range []struct{ moved, want []string }{
		{[]string{"a", "b", "own"}, []string{"CronJob batch/nightly: the webhook of default injects its pods"}},
		{[]string{"a", "b", "own", "batch"}, nil},
	} {
		in := allOf()
		in.Namespaces, in.Remove = c.moved, true
		target, err := ResolveTarget(w, in, step.Ledger{})
		if err != nil {
			t.Fatal(err)
		}
		got := slices.DeleteFunc(holders(Make(w, target, step.Ledger{})), func(line string) bool { return !strings.Contains(line, " batch/") })
		if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("with %v moved (-want +got):\n%s", c.moved, diff)
		}
	}
}
