// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"slices"
	"testing"
)

// istio is what the webhooks of a revision 1-29-1 and of the tags default and
// prod on it look like: mutatingwebhook.yaml and revision-tags-mwc.yaml @1.30.3.
func istio() World {
	req := func(key string, op Operator, values ...string) Requirement { return Requirement{key, op, values} }
	noRev, noInj := req(RevisionLabel, DoesNotExist), req(InjectionLabel, DoesNotExist)
	notOut := req(SidecarLabel, NotIn, "false")
	var w World
	for _, name := range []string{"1-29-1", "prod", "default"} {
		tag := name
		if name == "1-29-1" {
			tag = ""
		}
		add := func(ns, obj Selector) {
			w.Webhooks = append(w.Webhooks, Webhook{Configuration: name, Revision: "1-29-1", Tag: tag, Namespaces: ns, Objects: obj})
		}
		add(Selector{req(RevisionLabel, In, name), noInj}, Selector{notOut})
		add(Selector{noRev, noInj}, Selector{notOut, req(RevisionLabel, In, name)})
		if name == "default" {
			add(Selector{req(InjectionLabel, In, "enabled")}, Selector{notOut})
			add(Selector{noInj, noRev}, Selector{req(SidecarLabel, In, "true"), noRev})
		}
	}
	return w
}

// The truth table of istio-injection (I) and istio.io/rev (R) on the namespace,
// sidecar.istio.io/inject (P) and istio.io/rev (Q) on the pod.
func TestInjectors(t *testing.T) {
	const yes, no = "1-29-1", ""
	for _, tc := range []struct {
		i, r, p, q string
		annotation string
		host       bool
		want       string
	}{
		{i: "enabled", want: yes},
		{i: "enabled", p: "false", want: no},
		{i: "enabled", r: "ghost", q: "ghost", want: yes},
		{i: "disabled", p: "true", q: "1-29-1", want: no},
		{i: "disabled", r: "1-29-1", want: no},
		{r: "1-29-1", want: yes},
		{r: "prod", want: yes},
		{r: "ghost", want: no},
		{r: "ghost", q: "1-29-1", want: no},
		{r: "1-29-1", q: "ghost", want: yes},
		{q: "prod", want: yes},
		{q: "prod", p: "false", want: no},
		{q: "ghost", p: "true", want: no},
		{p: "true", want: yes},
		{want: no},
		{r: "1-29-1", annotation: "false", want: no},
		{r: "1-29-1", p: "true", annotation: "false", want: yes},
		{annotation: "true", want: no},
		{i: "enabled", host: true, want: no},
	} {
		labels := func(pairs ...string) map[string]string {
			m := map[string]string{}
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i+1] != "" {
					m[pairs[i]] = pairs[i+1]
				}
			}
			return m
		}
		ns := Namespace{Name: "x", Labels: labels(InjectionLabel, tc.i, RevisionLabel, tc.r)}
		pod := Template{Labels: labels(SidecarLabel, tc.p, RevisionLabel, tc.q), Annotations: labels(SidecarLabel, tc.annotation), HostNetwork: tc.host}
		var want []string
		if tc.want != "" {
			want = []string{tc.want}
		}
		if got := istio().Injectors(ns, pod); !slices.Equal(got, want) {
			t.Errorf("%+v: injected by %v, want %v", tc, got, want)
		}
	}
	if got := istio().Injectors(Namespace{Name: "kube-system", Labels: map[string]string{InjectionLabel: "enabled"}}, Template{}); got != nil {
		t.Errorf("kube-system is injected by %v", got)
	}
}

func TestBindingsReadBackAsWritten(t *testing.T) {
	for _, b := range []Binding{{}, Pinned("1-31-0"), {Injection: Label{true, "enabled"}}, {Injection: Label{true, ""}, Revision: Label{true, "x"}}} {
		if got, err := ParseBinding(b.String()); err != nil || got != b {
			t.Errorf("%q reads back as %+v, %v", b, got, err)
		}
	}
	if _, err := ParseBinding("team=core"); err == nil {
		t.Error("another label is taken for a binding")
	}
}

func TestUnknownOperatorsMatchNothing(t *testing.T) {
	if (Selector{{Key: "a", Operator: "Gt", Values: []string{"1"}}}).Matches(map[string]string{"a": "2"}) {
		t.Error("Gt matches")
	}
}
