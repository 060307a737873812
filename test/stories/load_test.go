// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"encoding/json"
	"strings"
	"testing"
)

// load is what the load on the shop has seen.
type load struct {
	Seconds       float64
	Sent, Skipped int
	Kinds         []struct {
		Kind, Path              string
		Sent, OK, Failed, Wrong int
	}
	Places []struct {
		Place  string
		Failed int
	}
	Answers  map[string]int
	Failures []struct{ Time, Kind, Place, Hop, What string }
}

// heard returns what the load has seen since it was asked last, and has it count anew.
func (l *lab) heard(t *testing.T) load {
	t.Helper()
	var r load
	said := runLab(t, "load", "--name", l.name, "--reset")
	if err := json.Unmarshal([]byte(said), &r); err != nil {
		t.Fatalf("read the load's report: %v\n%.500s", err, said)
	}
	return r
}

// good demands that the shop was right in everything: each kind of request was
// made and answered, those that must be turned away were, every version of every
// service had its part, and nothing failed but at the service that does not drain.
func (r load) good(t *testing.T, during string) {
	t.Helper()
	t.Logf("%s: %d requests in %.0f s, failed: %v", during, r.Sent, r.Seconds, r.Places)
	if r.Sent < 300 || r.Skipped > 0 || len(r.Kinds) < 8 {
		t.Errorf("%s: %d requests of %d kinds, %d skipped: that is no load", during, r.Sent, len(r.Kinds), r.Skipped)
	}
	for _, k := range r.Kinds {
		if k.OK == 0 || k.Wrong > 0 {
			t.Errorf("%s: %s (%s): %d sent, %d good, %d wrong", during, k.Kind, k.Path, k.Sent, k.OK, k.Wrong)
		}
	}
	for _, p := range r.Places {
		if p.Place != undrained {
			t.Errorf("%s: %d requests failed at %s", during, p.Failed, p.Place)
		}
	}
	for _, f := range r.Failures {
		if f.Place != undrained {
			t.Errorf("%s: at %s %s failed at %s (%s): %s", during, f.Time, f.Kind, f.Place, f.Hop, f.What)
		}
	}
	for _, version := range []string{"cart v1", "cart v2"} {
		if r.answers(version) == 0 {
			t.Errorf("%s: %s had no part in any answer: %v", during, version, r.Answers)
		}
	}
}

// answers counts the part of one version of a service, however its name is written.
func (r load) answers(version string) int {
	n := 0
	service, v, _ := strings.Cut(version, " ")
	for name, count := range r.Answers {
		if strings.HasPrefix(name, service) && strings.HasSuffix(name, v) {
			n += count
		}
	}
	return n
}
