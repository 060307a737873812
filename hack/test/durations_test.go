// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"
)

func TestDurationsAreRead(t *testing.T) {
	got := readDurations("# Page\n| phase | took |\n| unit tests | 1m |\n" +
		"| TestA | passed | 1m3s |\n|TestB|2.5s|\n| TestC | 90 |\n| TestD | soon |\n")
	if len(got) != 3 || got["TestA"] != 63*time.Second || got["TestB"] != 2500*time.Millisecond || got["TestC"] != 90*time.Second {
		t.Errorf("got %v, want TestA 1m3s, TestB 2.5s, and TestC 1m30s", got)
	}
}

func TestDurationsOfPhasesAndStories(t *testing.T) {
	r := report{
		results: []result{
			{name: "parts of the hollow lab", verdict: passed},
			{name: "TestUpgrade", story: true, verdict: passed, took: 63 * time.Second},
			{name: "TestKilled", story: true, verdict: failed, took: 10 * time.Minute},
		},
		phases: []phase{{name: "unit tests", took: 50 * time.Second}},
	}
	got := durations(r, options{size: "real"}, time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC), 12*time.Minute)
	for _, want := range []string{"4 May 2026, the real lab,", "12m0s in all: 1 stories passed, 1 failed, 0 skipped",
		"| unit tests | 50.0s |", "| TestUpgrade | passed | 1m3s |\n| TestKilled | failed | 10m0s |\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant %q in it", got, want)
		}
	}
	if strings.Contains(got, "parts of the hollow lab") {
		t.Errorf("got\n%s\nwant stories alone in it", got)
	}
}
