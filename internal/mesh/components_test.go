// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"testing"
)

// What leads to the untagged revision without a label does so whatever the tag of
// the same name points to.
func TestReferenceToUntaggedRevision(t *testing.T) {
	w := World{Tags: []Tag{{Name: "default", Revision: "1-31-0"}}, Revisions: []Revision{{Name: "1-31-0"}, {Name: "default"}}}
	w.Sort()
	if !w.RefersTo(
		Reference{Revision: "default"},
		"default",
	) || w.RefersTo(Reference{Value: "default"}, "default") || !w.RefersTo(Reference{Value: "default"}, "1-31-0") {
		t.Error("a label and a connection are taken for the same")
	}
}

func TestParseComponent(t *testing.T) {
	for _, c := range []Component{
		{Kind: "Deployment", Namespace: "istio-system", Name: "istiod-1-31-0"},
		{Kind: "MutatingWebhookConfiguration", Name: "istio-sidecar-injector-1-31-0"},
	} {
		if got, err := ParseComponent(c.String()); got != c || err != nil {
			t.Errorf("%s: got %+v, %v", c, got, err)
		}
	}
	for _, text := range []string{"", "Deployment", "Deployment istio-system/"} {
		if got, err := ParseComponent(text); err == nil {
			t.Errorf("%q: got %+v, want an error", text, got)
		}
	}
}
