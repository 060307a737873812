// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"encoding/json"
	"strings"
	"testing"
)

// loadReport is the report of the load on the shop.
type loadReport struct {
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
	Answers map[string]int
	Held    []struct {
		Kind              string
		Open, Opened, Cut int
	}
	Cuts     []struct{ Time, Kind, What, Lasted string }
	Failures []struct{ Time, Kind, Place, Hop, What string }
}

// readLoad returns the report of the load since the last call, and resets its counts.
func (l *lab) readLoad(t *testing.T) loadReport {
	t.Helper()
	var r loadReport
	out := runLab(t, "load", "--name", l.name, "--reset")
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("read the load's report: %v\n%.500s", err, out)
	}
	return r
}

// requireServed requires that requests of each kind were answered correctly, that every
// version of every service answered, and that nothing failed but requests to the service
// that does not drain.
func (r loadReport) requireServed(t *testing.T, during string) {
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
		if p.Place != undrainedService {
			t.Errorf("%s: %d requests failed at %s", during, p.Failed, p.Place)
		}
	}
	for _, f := range r.Failures {
		if f.Place != undrainedService {
			t.Errorf("%s: at %s %s failed at %s (%s): %s", during, f.Time, f.Kind, f.Place, f.Hop, f.What)
		}
	}
	for _, version := range []string{"cart v1", "cart v2"} {
		if r.answers(version) == 0 {
			t.Errorf("%s: %s had no part in any answer: %v", during, version, r.Answers)
		}
	}
}

// answers counts the answers of one version of a service.
func (r loadReport) answers(version string) int {
	n := 0
	service, v, _ := strings.Cut(version, " ")
	for name, count := range r.Answers {
		if strings.HasPrefix(name, service) && strings.HasSuffix(name, v) {
			n += count
		}
	}
	return n
}
