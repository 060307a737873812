// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"testing"
	"time"
)

func TestStoriesAreSelected(t *testing.T) {
	names := []string{"TestUpgrade", "TestKilledAtEveryWrite", "TestSwapsUnderLoad", "TestUnderLoadOrNot", "TestHarnessGate", "ok",
		variations[0]}
	for _, c := range []struct {
		name               string
		o                  options
		hollow, load, left string
	}{
		{"make test", options{}, "[TestUpgrade TestUnderLoadOrNot]", "[TestSwapsUnderLoad]", "[TestKilledAtEveryWrite " + variations[0] + "]"},
		{
			"make test-all", options{all: true}, "[TestUpgrade TestKilledAtEveryWrite TestUnderLoadOrNot " + variations[0] + "]",
			"[TestSwapsUnderLoad]", "[]",
		},
		{"named stories", options{stories: "Kill|Swap"}, "[TestKilledAtEveryWrite]", "[TestSwapsUnderLoad]", "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s selection
			if err := s.sort(names, c.o); err != nil {
				t.Fatal(err)
			}
			if got, want := fmt.Sprint(s.hollow, s.load, s.left), c.hollow+" "+c.load+" "+c.left; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestLongestStoriesStartFirst(t *testing.T) {
	took := map[string]time.Duration{"TestShort": time.Second, "TestLong": time.Minute}
	names := longestFirst([]string{"TestShort", "TestLong", "TestNew"}, took)
	if got, want := fmt.Sprint(names), "[TestNew TestLong TestShort]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
