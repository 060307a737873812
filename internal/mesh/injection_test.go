// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"cmp"
	"slices"
	"testing"
)

// istioWebhooks returns the webhooks of a revision 1-29-1 and of its tags default and prod:
// mutatingwebhook.yaml and revision-tags-mwc.yaml @1.30.3.
func istioWebhooks() World {
	req := func(key string, op Operator, values ...string) Requirement {
		return Requirement{Key: key, Operator: op, Values: values}
	}
	noRevision, noInjection := req(RevisionLabel, DoesNotExist), req(InjectionLabel, DoesNotExist)
	notDisabled := req(SidecarLabel, NotIn, "false")
	var w World
	for _, name := range []string{"1-29-1", "prod", "default"} {
		tag := name
		if name == "1-29-1" {
			tag = ""
		}
		add := func(ns, obj Selector) {
			w.Webhooks = append(w.Webhooks, Webhook{Configuration: name, Revision: "1-29-1", Tag: tag, Namespaces: ns, Objects: obj})
		}
		add(Selector{req(RevisionLabel, In, name), noInjection}, Selector{notDisabled})
		add(Selector{noRevision, noInjection}, Selector{notDisabled, req(RevisionLabel, In, name)})
		if name == "default" {
			add(Selector{req(InjectionLabel, In, "enabled")}, Selector{notDisabled})
			add(Selector{noInjection, noRevision}, Selector{req(SidecarLabel, In, "true"), noRevision})
		}
	}
	return w
}

// TestInjectors is the truth table of istio-injection and istio.io/rev on the namespace, and
// of sidecar.istio.io/inject and istio.io/rev on the pod.
func TestInjectors(t *testing.T) {
	injected := []string{"1-29-1"}
	for _, tc := range []struct {
		name                  string
		nsInjection, nsRev    string
		podInject, podRev     string
		annotation, namespace string
		hostNetwork           bool
		want                  []string
	}{
		{name: "namespace enabled", nsInjection: "enabled", want: injected},
		{name: "namespace enabled, pod disabled", nsInjection: "enabled", podInject: "false"},
		{name: "namespace enabled, unknown revisions", nsInjection: "enabled", nsRev: "ghost", podRev: "ghost", want: injected},
		{name: "namespace disabled, pod enabled", nsInjection: "disabled", podInject: "true", podRev: "1-29-1"},
		{name: "namespace disabled, with revision", nsInjection: "disabled", nsRev: "1-29-1"},
		{name: "namespace revision", nsRev: "1-29-1", want: injected},
		{name: "namespace tag", nsRev: "prod", want: injected},
		{name: "namespace of an unknown revision", nsRev: "ghost"},
		{name: "namespace of an unknown revision, pod revision", nsRev: "ghost", podRev: "1-29-1"},
		{name: "namespace revision, pod of an unknown one", nsRev: "1-29-1", podRev: "ghost", want: injected},
		{name: "pod tag", podRev: "prod", want: injected},
		{name: "pod tag, pod disabled", podRev: "prod", podInject: "false"},
		{name: "pod of an unknown revision, enabled", podRev: "ghost", podInject: "true"},
		{name: "pod enabled", podInject: "true", want: injected},
		{name: "no label"},
		{name: "annotation disables", nsRev: "1-29-1", annotation: "false"},
		{name: "label before annotation", nsRev: "1-29-1", podInject: "true", annotation: "false", want: injected},
		{name: "annotation does not enable", annotation: "true"},
		{name: "host network", nsInjection: "enabled", hostNetwork: true},
		{name: "kube-system", namespace: "kube-system", nsInjection: "enabled"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ns := Namespace{Name: cmp.Or(tc.namespace, "x"), Labels: setLabels(InjectionLabel, tc.nsInjection, RevisionLabel, tc.nsRev)}
			pod := Template{
				Labels:      setLabels(SidecarLabel, tc.podInject, RevisionLabel, tc.podRev),
				Annotations: setLabels(SidecarLabel, tc.annotation), HostNetwork: tc.hostNetwork,
			}
			if got := istioWebhooks().Injectors(ns, pod); !slices.Equal(got, tc.want) {
				t.Errorf("injectors: got %v, want %v", got, tc.want)
			}
		})
	}
}

// setLabels returns a map of pairs of keys and values, without empty values.
func setLabels(pairs ...string) map[string]string {
	labels := map[string]string{}
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			labels[pair[0]] = pair[1]
		}
	}
	return labels
}

func TestParseBindingReadsString(t *testing.T) {
	for _, want := range []Binding{
		{},
		BindingTo("1-31-0"),
		{Injection: Label{Set: true, Value: "enabled"}},
		{Injection: Label{Set: true}, Revision: Label{Set: true, Value: "x"}},
	} {
		if got, err := ParseBinding(want.String()); err != nil || got != want {
			t.Errorf("ParseBinding(%q): got %+v, %v, want %+v", want, got, err, want)
		}
	}
	if got, err := ParseBinding("team=core"); err == nil {
		t.Errorf("ParseBinding of another label: got %+v, want an error", got)
	}
}

func TestUnknownOperatorsMatchNothing(t *testing.T) {
	if (Selector{{Key: "a", Operator: "Gt", Values: []string{"1"}}}).Matches(map[string]string{"a": "2"}) {
		t.Error("operator Gt: got a match, want none")
	}
}
