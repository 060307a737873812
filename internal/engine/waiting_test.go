// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"testing"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// A write that fails does not count as a restart: the workload is restarted once the API
// server answers.
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
			f, failures := newUpgrade(), 0
			f.beforeWrite = func(c step.Change) error {
				if c.Namespace == "b" && c.Name == "x" && failures < 2*step.MaxAttempts {
					failures++
					return tc.err
				}
				return nil
			}
			expect(t, f, Completed)
			if repeated := repeatedRestart(f); failures != 2*step.MaxAttempts || repeated != "" {
				t.Errorf("got %d failed writes, want %d; restarted twice: %q", failures, 2*step.MaxAttempts, repeated)
			}
		})
	}
}

// slowRollout has the workload become ready four minutes after its restart, and unready
// for ten seconds at another time after it.
func slowRollout(w *mesh.World, key string, now time.Time, unready time.Duration) {
	for i, wl := range w.Workloads {
		if string(wl.Ref()) != key || wl.RestartAnnotation.At.IsZero() {
			continue
		}
		after := now.Sub(wl.RestartAnnotation.At)
		unreadyNow := unready > 0 && after >= unready && after < unready+10*time.Second
		w.Workloads[i].Rollout = mesh.Rollout{Done: after >= 4*time.Minute && !unreadyNow, Message: "1 of 2 updated replicas are available"}
	}
}

// A workload that was ready has its full time again when it becomes unready later in a
// long wave.
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
			f := newUpgrade()
			f.intent.Parallel, f.intent.Waves, f.ledger = 1, [][]string{{"a", "b"}, {"c"}}, step.Ledger{}
			f.approve()
			f.onObserve = func(w *mesh.World) {
				slowRollout(w, "Deployment a/x", f.now, tc.unready)
				slowRollout(w, "Deployment a/y", f.now, 0)
			}
			expect(t, f, Completed)
		})
	}
}

// A soak ends although some pod is always new, unless the same workload is never ready.
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
			f, look := newUpgrade(), 0
			f.onObserve = func(w *mesh.World) {
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
