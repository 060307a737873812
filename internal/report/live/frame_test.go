// SPDX-License-Identifier: Apache-2.0

package live

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/report/reporttest"
	"github.com/rerig/rerig/internal/step"
)

var update = flag.Bool("update", false, "update the golden files")

// golden compares text with testdata/name, or writes it there with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

const parallel = 4

// observed is a frame of one observation.
func observed(o reporttest.Observation) *frame {
	state := runState{reasons: map[string]string{}}
	state.observe(engine.Event{
		Kind: engine.Observed, At: o.At, Run: o.Target.Run, World: &o.World, Target: &o.Target, Ledger: &o.Ledger, Stages: o.Left,
	})
	f := &frame{}
	f.update(state, nil)
	return f
}

func TestFrames(t *testing.T) {
	f, state := &frame{}, runState{reasons: map[string]string{}}
	var b strings.Builder
	last := ""
	reporttest.Run(func(e engine.Event) {
		state.observe(e)
		f.update(state.clone(), nil)
		if now := strings.Join(f.lines(format.Style{Width: 79}, 23, e.At, parallel), "\n"); now != last {
			b.WriteString(now + "\n----\n")
			last = now
		}
	})
	golden(t, "run-frames.txt", b.String())
}

func TestLargeFrameFitsSmallTerminal(t *testing.T) {
	w := reporttest.Mesh()
	for i := range 30 {
		name := fmt.Sprintf("team-%02d", i)
		w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: name, Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}})
		for j := range 20 {
			wl := mesh.Workload{Kind: mesh.Deployment, Namespace: name, Name: fmt.Sprintf("a-service-with-a-rather-long-name-%02d", j)}
			reporttest.Add(&w, wl, 2, "1-29-1", "1.29.1")
		}
	}
	w.Revisions = append(w.Revisions, reporttest.ControlPlane("1-31-0", "1.31.0"))
	w.Webhooks = append(w.Webhooks, reporttest.Webhooks("1-31-0", "")...)
	w.Sort()
	in := reporttest.Intent
	in.WaveCount = 15
	o := reporttest.Start(w, in)
	for range 170 {
		o.Advance()
		o.At = reporttest.Noon
	}
	lines := observed(o).lines(format.Style{Width: 79}, 23, reporttest.Noon, parallel)
	fits(t, lines, 79, 23)
	golden(t, "frame-large.txt", strings.Join(lines, "\n")+"\n")
}

func fits(t *testing.T, lines []string, columns, rows int) {
	t.Helper()
	if len(lines) > rows {
		t.Errorf("lines: got %d, want at most %d", len(lines), rows)
	}
	for _, line := range lines {
		if n := format.Width(line); n > columns {
			t.Errorf("columns: got %d, want at most %d: %s", n, columns, line)
		}
	}
}

func TestWideCharactersAreNotCutTooLate(t *testing.T) {
	o := reporttest.Start(reporttest.Mesh(), reporttest.Intent)
	f := observed(o)
	f.trouble = strings.Repeat("網格", 60)
	fits(t, f.lines(format.Style{Width: 79}, 23, o.At, parallel), 79, 23)
}

// The rollback of a failed wave is not titled like that of everything.
func TestFrameNamesTheWaveThatIsRolledBack(t *testing.T) {
	o := reporttest.Start(reporttest.Mesh(), reporttest.Intent)
	o.Finish()
	for _, c := range []struct {
		name string
		wave int // 0 for all
		want string
	}{
		{name: "everything", want: "to-1-31-0: rollback to the state before the run"},
		{name: "one wave", wave: 2, want: "to-1-31-0: rollback of wave 2 to the state before the run"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o.Target = plan.RollbackTarget(reporttest.Intent, o.Ledger, c.wave)
			o.Left = plan.Steps(o.World, o.Target, o.Ledger)
			if got := observed(o).title(format.Style{Width: 79}); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestFrameShowsWhatIsToBeCommitted(t *testing.T) {
	w := reporttest.Mesh()
	w.Namespaces[1].Labels = map[string]string{mesh.RevisionLabel: "1-31-0"}
	for _, c := range []struct {
		name string
		step step.Step
	}{
		{name: "label of a wave", step: step.Step{
			Kind: step.Label, Wave: 1, Subject: "shop-web", From: "istio-injection=enabled", To: "istio.io/rev=1-31-0",
			By: "Argo CD application shop",
		}},
		{name: "restored label", step: step.Step{
			Kind: step.RestoreLabel, Subject: "shop-web", From: "istio.io/rev=1-31-0", To: "istio-injection=enabled",
			By: "Argo CD application shop",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines := observed(reporttest.Observation{
				World: w, At: reporttest.Noon, Left: []step.Stage{{Wave: c.step.Wave, Kind: c.step.Kind, Steps: []step.Step{c.step}}},
				Target: step.Target{Revision: "1-31-0", Run: "to-1-31-0", Waves: []step.Wave{{Number: 1, Namespaces: []string{"shop-web"}}}},
			}).lines(format.Style{Width: 79}, 23, reporttest.Noon, parallel)
			fits(t, lines, 79, 23)
			text := strings.Join(strings.Fields(strings.Join(lines, " ")), " ")
			if want := c.step.ToCommit(); !strings.Contains(text, want) {
				t.Errorf("want %q in:\n%s", want, strings.Join(lines, "\n"))
			}
		})
	}
}

func TestFrameShowsParkedPods(t *testing.T) {
	w := reporttest.Mesh()
	for i, wl := range w.Workloads {
		if wl.Name == "web" {
			w.Workloads[i].Services = []mesh.Service{{Name: "web", Selector: map[string]string{"app": "web"}}}
			w.Workloads[i].ReplicaSetHash = "t1"
		}
	}
	in := reporttest.Intent
	in.Policy.Strategy = step.BySwap
	in.Soak = 5 * time.Minute
	o := reporttest.Start(w, in)
	for o.Left[0].Kind != step.Soak || !strings.Contains(string(o.Left[0].Steps[0].Subject), "shop-web") {
		o.Advance()
	}
	o.Ledger.Soaking = map[step.VerdictKey]time.Time{step.SoakKey(o.Left[0].Wave, o.Target.Revision): reporttest.Noon}
	lines := observed(o).lines(format.Style{Width: 100}, 23, reporttest.Noon, parallel)
	want := "Deployment shop-web/web   2/2  verified   2 parked until 12:05:00"
	if got := strings.Join(lines, "\n"); !strings.Contains(got, want) {
		t.Errorf("want %q in:\n%s", want, got)
	}
}

// The view says what a gateway's old pods wait for, in a line that fits a terminal.
func TestFrameShowsPodsThatWaitForTheirClients(t *testing.T) {
	o := reporttest.LeavingGateway()
	o.Target.ParkMax = 2 * time.Hour
	lines := observed(o).lines(format.Style{Width: 79}, 23, reporttest.Noon, parallel)
	fits(t, lines, 79, 23)
	want := "\n    2 old pods wait for their connections to end, until 14:01:00 at the latest\n"
	if got := strings.Join(lines, "\n"); !strings.Contains(got, want) {
		t.Errorf("want %q in:\n%s", want, got)
	}
}
