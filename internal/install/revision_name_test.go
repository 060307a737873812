// SPDX-License-Identifier: Apache-2.0

package install

import (
	"strings"
	"testing"
)

func TestCheckRevision(t *testing.T) {
	for _, c := range []struct{ name, fault string }{
		{"1-31-0", ""},
		{"canary", ""},
		{"a", ""},
		{strings.Repeat("a", 56), ""},
		{strings.Repeat("a", 57), "at most 56"},
		{"", "is empty"},
		{"default", "is reserved"},
		{"1.31.0", `Did you mean "1-31-0"?`},
		{"Canary", `Did you mean "canary"?`},
		{"-canary", "beginning and ending"},
		{"canary-", "beginning and ending"},
		{"my_rev", "Use lower-case letters"},
		{"täglich", "Use lower-case letters"},
	} {
		err := ValidateRevisionName(c.name)
		switch {
		case c.fault == "" && err != nil:
			t.Errorf("%q is refused: %v", c.name, err)
		case c.fault != "" && err == nil:
			t.Errorf("%q passes, want a fault with %q", c.name, c.fault)
		case c.fault != "" && !strings.Contains(err.Error(), c.fault):
			t.Errorf("%q: %v; want it to say %q", c.name, err, c.fault)
		}
	}
}

func TestRevisionNameMatchesVersion(t *testing.T) {
	for version, revision := range map[string]string{"1.31.0": "1-31-0", "v1.29.1": "1-29-1", "1.31.0-distroless": "1-31-0",
		"1.31.0-rc.0": "1-31-0-rc-0"} {
		if got := RevisionName(version); got != revision {
			t.Errorf("RevisionName(%q) = %q, want %q", version, got, revision)
		}
	}
	for revision, version := range map[string]string{"1-31-0": "1.31.0", "v1-31-0": "1.31.0", "1-31-0-rc-0": "1.31.0-rc.0", "canary": "",
		"1-31": "", "1-31-0-blue": "", "x1-31-0": ""} {
		if got, ok := VersionFromRevision(revision); got != version || ok != (version != "") {
			t.Errorf("VersionIn(%q) = %q, %v; want %q", revision, got, ok, version)
		}
	}
}

func TestVersionFor(t *testing.T) {
	tagged := func(tag string) IstioOperator {
		return IstioOperator{object: map[string]any{"spec": map[string]any{"tag": tag}}}
	}
	for _, c := range []struct {
		asked    string
		file     IstioOperator
		revision string
		own      string
		want     string
	}{
		{"1.30.0", tagged("1.31.0"), "1-31-0", "1.31.0", "1.30.0"},
		{"", tagged("1.30.3-distroless"), "1-31-0", "1.31.0", "1.30.3"},
		{"", tagged("latest"), "1-31-0", "1.29.1", "1.31.0"},
		{"", IstioOperator{}, "1-31-0", "1.29.1", "1.31.0"},
		{"", IstioOperator{}, "canary", "v1.29.1", "1.29.1"},
		{"", IstioOperator{}, "canary", "", ""},
	} {
		if got := ResolveVersion(c.asked, c.file, c.revision, c.own); got != c.want {
			t.Errorf("ResolveVersion(%q, tag %q, %q, %q) = %q, want %q", c.asked, c.file.Tag(), c.revision, c.own, got, c.want)
		}
	}
}

func TestSameVersion(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"1.31.0", "v1.31.0", true},
		{"1.31.0-distroless", "1.31.0", true},
		{"1.31.0", "1.31.0-debug", true},
		{"1.31.0", "1.31.1", false},
		{"1.31.0", "1.31.0-rc.0", false},
	} {
		if got := SameVersion(c.a, c.b); got != c.same {
			t.Errorf("SameVersion(%q, %q) = %v", c.a, c.b, got)
		}
	}
}
