// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"
)

func TestPage(t *testing.T) {
	all := []result{
		{name: "gofmt", verdict: passed},
		{name: "TestUpgrade", where: "stories", story: true, verdict: passed, took: 63 * time.Second},
		{name: "TestDrain", where: "stories", story: true, verdict: skipped, why: "needs traffic"},
		{name: "TestSteps", where: "plan", verdict: failed},
	}
	got := page(all, order{size: "hollow"}, 90*time.Second)
	want := `
Stories on the lab (hollow):
  passed      1m3s  TestUpgrade
  skipped     0.0s  TestDrain
Failed:
  plan TestSteps
Skipped:
  TestDrain: needs traffic
Left out: the stories with traffic, which need the real lab: Linux and root.
Left out: what some stories do more often in make test-long.
Took 1m30s.
2 passed, 1 failed, 1 skipped
`
	if got != want {
		t.Errorf("the page is\n%s\nwant\n%s", got, want)
	}
}

func TestGood(t *testing.T) {
	story := func(v verdict) result { return result{name: "TestUpgrade", story: true, verdict: v} }
	unit := func(v verdict) result { return result{name: "TestSteps", verdict: v} }
	cases := []struct {
		name string
		all  []result
		o    order
		want bool
	}{
		{"all pass", []result{unit(passed), story(passed)}, order{size: "real", strict: true}, true},
		{"a test fails", []result{unit(failed), story(passed)}, order{size: "real"}, false},
		{"a story is skipped", []result{unit(passed), story(skipped)}, order{size: "hollow"}, true},
		{"a story is skipped in CI", []result{unit(passed), story(skipped)}, order{size: "real", strict: true}, false},
		{"a test is skipped in CI", []result{unit(skipped), story(passed)}, order{size: "real", strict: true}, true},
		{"no story in CI", []result{unit(passed)}, order{size: "real", strict: true}, false},
		{"no lab at all in CI", []result{unit(passed)}, order{strict: true}, false},
		{"no lab at all", []result{unit(passed)}, order{}, true},
	}
	for _, c := range cases {
		if got := good(c.all, c.o); got != c.want {
			t.Errorf("%s: good is %t, want %t", c.name, got, c.want)
		}
	}
	if p := page([]result{story(skipped)}, order{size: "real", strict: true}, 0); !strings.Contains(p, "TestUpgrade did not") {
		t.Errorf("the page does not say which story failed CI:\n%s", p)
	}
}
