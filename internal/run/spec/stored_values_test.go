// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/rerig/rerig/api/v1alpha1"
)

func rawValues(text string) *runtime.RawExtension { return &runtime.RawExtension{Raw: []byte(text)} }

func helmSpec() Spec {
	return Spec{Revision: "1-31-0", Helm: &v1alpha1.HelmChart{Chart: "./istiod", Values: rawValues(`{"b": 1, "a": "x"}`),
		Inherited: &v1alpha1.InheritedValues{From: "a release", Values: rawValues(`{"password":"hunter2"}`)}}}
}

func TestStoredValuesAreLoadedAgain(t *testing.T) {
	s := helmSpec()
	stripped, stored, err := StoreValues(s, "to-1-31-0")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]byte{"values": []byte(`{"a":"x","b":1}`), "inherited": []byte(`{"password":"hunter2"}`)}
	if diff := cmp.Diff(want, stored.Entries); diff != "" || !strings.HasPrefix(stored.Name, "rerig-values-to-1-31-0-") {
		t.Errorf("Secret %s (-want +got):\n%s", stored.Name, diff)
	}
	if !HasInlineValues(s) || HasInlineValues(stripped) || string(s.Helm.Values.Raw) != `{"b": 1, "a": "x"}` {
		t.Error("the original specification was changed, or the other one was not")
	}
	if v1alpha1.InputDigest(s) != v1alpha1.InputDigest(stripped) {
		t.Error("storing values changes the digest that is approved")
	}
	read := func(string) (map[string][]byte, error) { return stored.Entries, nil }
	loaded, err := LoadValues(stripped, read)
	if err != nil || string(loaded.Helm.Values.Raw) != `{"a":"x","b":1}` ||
		string(loaded.Helm.Inherited.Values.Raw) != `{"password":"hunter2"}` {
		t.Errorf("got %s and %s, %v", loaded.Helm.Values.Raw, loaded.Helm.Inherited.Values.Raw, err)
	}
	again, more, err := StoreValues(stripped, "to-1-31-0")
	if diff := cmp.Diff(stripped, again); err != nil || more != nil || diff != "" {
		t.Errorf("stored again: %v, %v (-want +got):\n%s", more, err, diff)
	}
	stored.Entries["inherited"] = []byte(`{}`)
	_, err = LoadValues(stripped, read)
	if changed, ok := errors.AsType[ChangedValuesError](err); !ok || changed.Key != "inherited" || changed.Secret != stored.Name {
		t.Errorf("a changed entry: got %v, want a ChangedValuesError", err)
	}
}

func TestSecretNameDependsOnContent(t *testing.T) {
	name := func(values string) string {
		s := helmSpec()
		s.Helm.Values = rawValues(values)
		_, stored, err := StoreValues(s, "to-1-31-0")
		if err != nil {
			t.Fatal(err)
		}
		return stored.Name
	}
	if a, b := name(`{"a":1,"b":2}`), name(`{ "b": 2, "a": 1 }`); a != b {
		t.Errorf("equal values are stored as %s and %s", a, b)
	}
	if a, b := name(`{"a":1}`), name(`{"a":2}`); a == b {
		t.Errorf("different values are both stored as %s", a)
	}
}

func TestStoredValuesAreCompared(t *testing.T) {
	asked := helmSpec()
	asked.Helm.Inherited = nil
	recorded, _, err := StoreValues(helmSpec(), "to-1-31-0")
	if err != nil {
		t.Fatal(err)
	}
	if fields := Differences(asked, recorded); len(fields) > 0 {
		t.Errorf("the same request differs in %v", fields)
	}
	UseAskedValues(&recorded, asked)
	if string(recorded.Helm.Values.Raw) != string(asked.Helm.Values.Raw) || len(ValueSecrets(recorded)) != 1 {
		t.Errorf("values %s, Secrets %v; want those of the request, and the Secret for the inherited ones",
			recorded.Helm.Values.Raw, ValueSecrets(recorded))
	}
	asked.Helm.Values = rawValues(`{"a":"other"}`)
	if fields := Differences(asked, recorded); len(fields) != 1 || fields[0] != "helm" {
		t.Errorf("other values differ in %v, want helm", fields)
	}
}
