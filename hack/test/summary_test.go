// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"
)

func TestSummary(t *testing.T) {
	r := report{
		results: []result{
			{name: "gofmt", verdict: passed},
			{name: "TestUpgrade", where: "stories", story: true, verdict: passed, took: 63 * time.Second},
			{name: "TestDrain", where: "stories", story: true, verdict: skipped, why: "needs traffic"},
			{name: "TestSteps", where: "plan", verdict: failed},
		},
		phases: []phase{{name: "unit tests", took: 61 * time.Second}},
		left:   []string{"TestKilledAtEveryWrite"},
	}
	want := `
Stories on the lab (hollow):
  passed      1m3s  TestUpgrade
  skipped     0.0s  TestDrain
Failed:
  plan TestSteps
Skipped:
  TestDrain: needs traffic
Left out: the stories under load. They need the real lab: Linux and root.
Left out: TestKilledAtEveryWrite. make test-all runs them.
    1m1s  unit tests
Took 1m30s.
2 passed, 1 failed, 1 skipped
`
	if got := summary(r, options{size: "hollow"}, 90*time.Second); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSucceeded(t *testing.T) {
	story := func(v verdict) result { return result{name: "TestUpgrade", story: true, verdict: v} }
	unit := func(v verdict) result { return result{name: "TestSteps", verdict: v} }
	for _, c := range []struct {
		name string
		all  []result
		o    options
		want bool
	}{
		{"all pass", []result{unit(passed), story(passed)}, options{size: "real", strict: true}, true},
		{"a test fails", []result{unit(failed), story(passed)}, options{size: "real"}, false},
		{"a story is skipped", []result{unit(passed), story(skipped)}, options{size: "hollow"}, true},
		{"a story is skipped in CI", []result{unit(passed), story(skipped)}, options{size: "real", strict: true}, false},
		{"a test is skipped in CI", []result{unit(skipped), story(passed)}, options{size: "real", strict: true}, true},
		{"no story in CI", []result{unit(passed)}, options{size: "real", strict: true}, false},
		{"no lab in CI", []result{unit(passed)}, options{strict: true}, false},
		{"no lab", []result{unit(passed)}, options{}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := succeeded(report{results: c.all}, c.o); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}

func TestSummaryNamesStoriesThatCILacks(t *testing.T) {
	r := report{results: []result{{name: "TestUpgrade", story: true, verdict: skipped}}}
	if got := summary(r, options{size: "real", strict: true}, 0); !strings.Contains(got, "Not run: TestUpgrade.") {
		t.Errorf("the summary does not name TestUpgrade:\n%s", got)
	}
}
