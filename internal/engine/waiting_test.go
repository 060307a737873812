// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"testing"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Writes that don't arrive are no restarts: the workload is restarted once the
// API server is back, and not judged for what was never done to it.
func TestFailedWriteCountsAsNoRestart(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		err  error
	}{
		{"the API server does not answer", errors.New("connection refused")},
		{"conflict", ErrConflict},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f, failures := upgrade(), 0
			f.cut = func(c step.Change) error {
				if c.Namespace == "b" && c.Name == "x" && failures < 2*step.MaxAttempts {
					failures++
					return tc.err
				}
				return nil
			}
			expect(t, f, Completed)
			if repeated := restartsOf(f); failures != 2*step.MaxAttempts || repeated != "" {
				t.Errorf("%d writes were lost, and restarted more than once was %q", failures, repeated)
			}
		})
	}
}

// slow lets the workload become ready four minutes after its restart, and then
// stumble for ten seconds at that time after it.
func slow(w *mesh.World, key string, now time.Time, stumbles time.Duration) {
	for i, wl := range w.Workloads {
		if string(wl.Ref()) != key || wl.RestartAnnotation.At.IsZero() {
			continue
		}
		after := now.Sub(wl.RestartAnnotation.At)
		stumbling := stumbles > 0 && after >= stumbles && after < stumbles+10*time.Second
		w.Workloads[i].Rollout = mesh.Rollout{Done: after >= 4*time.Minute && !stumbling, Message: "1 of 2 updated replicas are available"}
	}
}

// What was ready in between has waited anew: the time that its restart took
// does not count once more when a pod of it is evicted later in a long wave.
func TestReadyWorkloadHasItsFullTimeAgain(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		unready time.Duration // after its restart
	}{
		{"while others restart", 7 * time.Minute},
		{"in the soak", 9 * time.Minute},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := upgrade()
			f.intent.Parallel, f.intent.Waves, f.ledger = 1, [][]string{{"a", "b"}, {"c"}}, step.Ledger{}
			f.agree()
			f.sees = func(w *mesh.World) {
				slow(w, "Deployment a/x", f.now, tc.unready)
				slow(w, "Deployment a/y", f.now, 0)
			}
			expect(t, f, Completed)
		})
	}
}

// A wave in which some pod is always new, never the same one for long, comes to
// the end of its soak; one in which the same workload never settles does not.
func TestSoakEndsUnderChurn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		unready func(look int, key string) bool
		want    Outcome
	}{
		{"in turn", func(look int, key string) bool { return key == []string{"Deployment a/x", "Deployment a/y"}[look%2] }, Completed},
		{"always the same", func(_ int, key string) bool { return key == "Deployment a/x" }, Held},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f, look := upgrade(), 0
			f.sees = func(w *mesh.World) {
				look++
				if len(f.ledger.Soaking) == 0 {
					return
				}
				for i, wl := range w.Workloads {
					if tc.unready(look, string(wl.Ref())) && len(f.ledger.Soaking) == 1 {
						w.Workloads[i].Rollout = mesh.Rollout{Message: "1 of 2 updated replicas are available"}
					}
				}
			}
			expect(t, f, tc.want)
		})
	}
}
