// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"
	"time"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// story tells a whole run, by prediction, to whoever listens: each step takes
// two seconds, proofs wait once, the first wave's soak is told.
func story(t *testing.T, tell func(engine.Event)) Summary {
	t.Helper()
	w := shop()
	target, err := plan.ResolveTarget(w, intent, step.Ledger{})
	if err != nil {
		t.Fatal(err)
	}
	l := plan.NewLedger(plan.Make(w, target, step.Ledger{}), noon)
	now := noon
	say := func(e engine.Event) {
		e.At, e.Run, e.World, e.Target, e.Ledger, e.Stages = now, intent.Run, &w, &target, &l, plan.Steps(w, target, l)
		tell(e)
	}
	say(engine.Event{Kind: engine.Began})
	for {
		left := plan.Steps(w, target, l)
		say(engine.Event{Kind: engine.Observed})
		if len(left) == 0 {
			break
		}
		s := left[0].Steps[0]
		before(say, s, now)
		now = now.Add(2 * time.Second)
		w, l = plan.Simulate(w, target, l, s, now)
		after(say, s, &l, w, target)
	}
	l.Ended = now
	say(engine.Event{Kind: engine.Finished})
	return Summary{Run: intent.Run, Outcome: engine.Completed, Intent: intent, World: w, Target: target, Ledger: l, Began: noon, Ended: now}
}

func before(say func(engine.Event), s step.Step, now time.Time) {
	switch {
	case s.Kind.Changes():
		say(engine.Event{Kind: engine.Acting, Step: &s})
	case s.Kind == step.Soak:
		say(engine.Event{Kind: engine.Soaking, Step: &s, Until: now.Add(time.Minute)})
	default:
		wait := verify.Verdict{Check: "proxy-connected", Subject: s.Subject, Result: verify.Wait, Reason: "no istiod of 1-31-0 serves the proxy of its first pod"}
		say(engine.Event{Kind: engine.Waiting, Step: &s, Verdict: &wait})
		say(engine.Event{Kind: engine.Waiting, Step: &s, Verdict: &wait})
	}
}

func after(say func(engine.Event), s step.Step, l *step.Ledger, w mesh.World, t step.Target) {
	if s.Kind.Changes() {
		say(engine.Event{Kind: engine.Acted, Step: &s})
		return
	}
	key := plan.Key(w, s, t)
	l.Passed[key] = step.Pass{At: l.Passed[key].At, Evidence: "2 of 2 pods run; all carry 1-31-0"}
	pass := verify.Verdict{Subject: s.Subject, Result: verify.Pass, Reason: "2 of 2 pods run; all carry 1-31-0"}
	say(engine.Event{Kind: engine.Passed, Step: &s, Verdict: &pass})
}

func TestLines(t *testing.T) {
	var b strings.Builder
	lines := &Lines{Out: &b}
	page := story(t, lines.Report)
	golden(t, "run-lines.txt", b.String())
	golden(t, "page-completed.txt", page.Text(format.Style{}))
}

func TestObjects(t *testing.T) {
	var b strings.Builder
	objects := &Objects{Out: &b}
	page := story(t, objects.Report)
	golden(t, "run-events.jsonl", b.String())
	text, err := JSON(page.Object())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "page-completed.json", text)
}

func TestHeldPage(t *testing.T) {
	page := story(t, func(engine.Event) {})
	page.Outcome = engine.Held
	page.Ledger.Held = &step.Hold{Reason: "CheckFailed", Subject: "Deployment shop-web/web", Wave: 2,
		Message: "the proxy of pod web-0 refused the LDS that istiod istiod-1-31-0-6c9f-x2v sent: duplicate listener",
		Hint:    "The proxy's words are above: look for an EnvoyFilter that this Istio version turns into something the proxy refuses."}
	golden(t, "page-held.txt", page.Text(format.Style{Width: 80}))
}

// TestFrames looks at the live view each time that something is told.
func TestFrames(t *testing.T) {
	f := frame{reasons: map[string]string{}, parallel: 4}
	var b strings.Builder
	last := ""
	story(t, func(e engine.Event) {
		f.take(e)
		if now := strings.Join(f.lines(format.Style{Width: 79}, 23, e.At), "\n"); now != last {
			b.WriteString(now + "\n----\n")
			last = now
		}
	})
	golden(t, "run-frames.txt", b.String())
}
