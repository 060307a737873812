// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"
)

func TestFigures(t *testing.T) {
	got := figures([]result{
		{name: "parts of the lab", verdict: passed},
		{name: "TestUpgrade", story: true, verdict: passed, took: 63 * time.Second},
		{name: "TestKilled", story: true, verdict: failed, took: 10 * time.Minute},
	}, order{size: "real", long: true}, time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC))
	for _, want := range []string{"4 May 2026, the real lab,", "1 stories passed, 1 failed, 0 skipped", "| TestUpgrade | passed | 1m3s |\n| TestKilled | failed | 10m0s |\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if strings.Contains(got, "parts of the lab") {
		t.Error("what is no story is in it")
	}
}
