// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/rerig/rerig/internal/cputime"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
)

// staticMesh is a mesh that does not change, so that a turn costs only what the engine does.
type staticMesh struct {
	world  mesh.World
	intent step.Intent
	ledger step.Ledger
	now    time.Time
}

func (s *staticMesh) Observe(context.Context) (mesh.World, error) { return s.world, nil }

func (s *staticMesh) Certificate(_ context.Context, ns, pod string) (mesh.Certificate, error) {
	return mesh.Certificate{Namespace: ns, Pod: pod, Identity: "spiffe://cluster.local/ns/" + ns, Chains: true}, nil
}

func (s *staticMesh) Traffic(context.Context, string, string) (mesh.Traffic, error) {
	return mesh.Traffic{Idle: true}, nil
}

func (s *staticMesh) Connections(context.Context, string, string) (mesh.Traffic, error) {
	return mesh.Traffic{Idle: true}, nil
}

func (s *staticMesh) Configuration(context.Context, string, string) (mesh.ProxyConfig, error) {
	return nil, nil
}

func (s *staticMesh) Setups(context.Context, []string) (mesh.ControlPlaneSettings, error) {
	return mesh.ControlPlaneSettings{}, nil
}

func (s *staticMesh) Write(context.Context, step.Change) error { return nil }

func (s *staticMesh) DryRun(_ context.Context, a mesh.DryRunAttempt) (mesh.DryRunAttempt, error) {
	return a, nil
}

func (s *staticMesh) Load(context.Context) (step.Intent, step.Ledger, error) {
	return s.intent, s.ledger, nil
}

func (s *staticMesh) Save(context.Context, step.Ledger, Summary) error { return nil }

func (s *staticMesh) Now() time.Time { return s.now }

func (s *staticMesh) Sleep(context.Context, time.Duration) error { return nil }

func (s *staticMesh) Report(Event) {}

func (s *staticMesh) engine() Engine {
	return Engine{Observer: s, Writer: s, Record: s, Clock: s, Reporter: s}.withDefaults()
}

// scenarios are states of an upgrade in two waves of equal size. In each of them a turn
// handles every workload of the first wave.
var scenarios = []struct {
	name  string
	state func(*staticMesh)
}{
	{"restarting", func(s *staticMesh) { s.restartWave(4, false) }},
	{"waiting for rollouts", func(s *staticMesh) { s.restartWave(-1, false) }},
	{"verifying", func(s *staticMesh) { s.restartWave(-1, true) }},
}

// largeMesh returns an upgrade of n workloads, 20 in each namespace, whose first
// wave is labelled.
func largeMesh(n int) *staticMesh {
	s := &staticMesh{world: testMesh(), intent: newUpgrade().intent, now: newUpgrade().now}
	s.world.Namespaces, s.world.Workloads = nil, nil
	s.intent.Waves, s.intent.Parallel = make([][]string, 2), 8
	for i := range n / 20 {
		ns := fmt.Sprintf("ns-%04d", i)
		s.intent.Waves[i%2] = append(s.intent.Waves[i%2], ns)
		s.world.Namespaces = append(s.world.Namespaces, mesh.Namespace{Name: ns, Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}})
		for j := range 20 {
			wl := mesh.Workload{Kind: mesh.Deployment, Namespace: ns, Name: fmt.Sprintf("w%02d", j), Replicas: 2,
				Rollout: mesh.Rollout{Done: true}, Template: mesh.Template{Hash: "t0"}}
			for k := range 2 {
				wl.Pods = append(wl.Pods, mesh.Pod{Name: fmt.Sprint(wl.Name, "-", k), Running: true, Ready: true, Current: true,
					Sidecar: mesh.Sidecar{Present: true, Revision: "1-29-1"}})
			}
			s.world.Workloads = append(s.world.Workloads, wl)
		}
	}
	s.world.Sort()
	target, err := plan.ForwardTarget(s.world, s.intent, step.Ledger{})
	if err != nil {
		panic(err)
	}
	s.ledger = plan.NewLedger(plan.Make(s.world, target, step.Ledger{}), s.now)
	s.world.CRDInstalled = true
	s.world, s.ledger = plan.Simulate(s.world, target, s.ledger, step.Step{Kind: step.Install, Subject: "1-31-0", To: "1.31.0"}, s.now)
	moving := map[string]bool{}
	for _, ns := range target.Waves[0].Namespaces {
		moving[ns] = true
	}
	for i, ns := range s.world.Namespaces {
		if moving[ns.Name] {
			s.world.Namespaces[i].Labels = map[string]string{mesh.RevisionLabel: "1-31-0"}
		}
	}
	s.ledger.Passed = map[step.VerdictKey]step.Pass{step.ValidateKey(s.world, "1-31-0"): {At: s.now}}
	s.ledger.Reached = plan.RankOf(target, 1, step.Restart)
	return s
}

// restartWave restarts the first n workloads of the first wave.
func (s *staticMesh) restartWave(n int, done bool) {
	for i, wl := range s.world.Workloads {
		if ns, _ := s.world.Namespace(wl.Namespace); ns.Labels[mesh.RevisionLabel] != "1-31-0" || n == 0 {
			continue
		}
		n--
		s.ledger.NoteRestart(wl, "1-31-0")
		wl.Template.Hash, wl.RestartAnnotation = "restarted", mesh.RestartAnnotation{Run: s.intent.Run, At: s.now}
		wl.Rollout = mesh.Rollout{Done: done, Message: "0 of 2 updated replicas are available"}
		for j := range wl.Pods {
			wl.Pods[j].Sidecar.Revision = "1-31-0"
		}
		s.world.Workloads[i] = wl
	}
	for _, wl := range s.world.Workloads {
		for _, p := range wl.Pods {
			s.world.Proxies = append(s.world.Proxies, mesh.Proxy{Namespace: wl.Namespace, Pod: p.Name, Revision: p.Sidecar.Revision,
				Istiod: "istiod-" + p.Sidecar.Revision, Sent: []string{"CDS", "LDS"}})
		}
	}
	s.world.Sort()
}

// turn takes one turn of the engine.
func (s *staticMesh) turn(tb testing.TB) {
	tb.Helper()
	if outcome, err := s.engine().turn(context.Background(), false); err != nil || outcome != "" {
		tb.Fatalf("got outcome %q, %v", outcome, err)
	}
}

// timed returns the CPU time of each of n turns. Other processes add to the time that
// passes, but hardly to that.
func (s *staticMesh) timed(tb testing.TB, n int) time.Duration {
	tb.Helper()
	runtime.GC()
	began := cputime.Now(tb)
	for range n {
		s.turn(tb)
	}
	return (cputime.Now(tb) - began) / time.Duration(n)
}

// Ten times the workloads may cost a turn at most 15 times the time. A search
// through all steps for each workload costs 100 times. The best of several
// measurements counts.
func TestTurnScalesWithTheMesh(t *testing.T) {
	const size, factor, limit, attempts = 2_000, 10, 15, 4
	for _, sc := range scenarios {
		t.Run(sc.name, func(t *testing.T) {
			small, large := largeMesh(size), largeMesh(factor*size)
			sc.state(small)
			sc.state(large)
			bestSmall, bestLarge := time.Hour, time.Hour
			for range attempts {
				bestSmall, bestLarge = min(bestSmall, small.timed(t, factor)), min(bestLarge, large.timed(t, 1))
				if bestLarge <= limit*bestSmall {
					return
				}
			}
			t.Errorf("%d workloads: got %s a turn, %d workloads: %s, want at most %d times as much", size, bestSmall, factor*size, bestLarge, limit)
		})
	}
}

// BenchmarkTurn takes one turn of upgrades of 2 000 and 20 000 workloads.
func BenchmarkTurn(b *testing.B) {
	for _, sc := range scenarios {
		for _, n := range []int{2_000, 20_000} {
			b.Run(fmt.Sprintf("%s/%d", sc.name, n), func(b *testing.B) {
				s := largeMesh(n)
				sc.state(s)
				for b.Loop() {
					s.turn(b)
				}
			})
		}
	}
}
