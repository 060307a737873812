// SPDX-License-Identifier: Apache-2.0

package parity

import (
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Span is the time in which the two proxies of a hop have different versions in a run.
type Span struct {
	mesh.Hop
	FromVersion string    `json:"fromVersion,omitempty"` // now; "" once the versions are equal again
	ToVersion   string    `json:"toVersion,omitempty"`
	Since       time.Time `json:"since,omitzero"` // when the first of the two was verified; zero before
	Until       time.Time `json:"until,omitzero"` // when the second one was; zero while they differ
}

// Ended reports whether the versions are equal again.
func (s Span) Ended() bool { return !s.Until.IsZero() }

// Length returns how long the span has lasted, 0 before its first verification.
func (s Span) Length(now time.Time) time.Duration {
	switch {
	case s.Since.IsZero():
		return 0
	case s.Ended():
		return s.Until.Sub(s.Since)
	}
	return now.Sub(s.Since)
}

// Spans returns the hops whose proxies have different versions since the run moved one of them,
// or had until it moved the other, in the order of the hops. A run that is rolled back has none:
// its record has no time at which it moved what is back. Times are those of verifications.
func Spans(w mesh.World, t step.Target, l step.Ledger, hops []mesh.Hop) []Span {
	if t.Rollback {
		return nil
	}
	c := changes{world: w, target: t}
	var spans []Span
	for _, hop := range hops {
		if s, is := c.span(l, hop); is {
			spans = append(spans, s)
		}
	}
	return spans
}

func (c changes) span(l step.Ledger, hop mesh.Hop) (Span, bool) {
	from, fromKnown := c.world.Workload(hop.From)
	to, toKnown := c.world.Workload(hop.To)
	before, was := l.Baseline.Sidecars[hop.From]
	if other, both := l.Baseline.Sidecars[hop.To]; !fromKnown || !toKnown || was && both && before != other {
		return Span{}, false
	}
	fromNow, toNow := strings.Join(c.running(from), ", "), strings.Join(c.running(to), ", ")
	first, second := c.moved(l, from), c.moved(l, to)
	if second.Before(first) {
		first, second = second, first
	}
	switch {
	case fromNow == "" || toNow == "":
		return Span{}, false
	case fromNow != toNow:
		if first.IsZero() {
			first = second
		}
		return Span{Hop: hop, FromVersion: fromNow, ToVersion: toNow, Since: first}, true
	case first.IsZero() || first.Equal(second):
		return Span{}, false
	}
	return Span{Hop: hop, Since: first, Until: second}, true
}

// moved returns when the run verified a workload that it moved; zero if it did not.
func (c changes) moved(l step.Ledger, wl mesh.Workload) time.Time {
	before, was := l.Baseline.Sidecars[wl.Ref()]
	wanted := c.target.RevisionOf(wl)
	if !was || wanted == "" || before == mesh.JoinRevisions(wl.Sidecars()) {
		return time.Time{}
	}
	return l.Passed[step.VerifyKey(c.world, wl, wanted)].At
}

// Longest returns the span that lasted longest, false without any.
func Longest(spans []Span, now time.Time) (Span, bool) {
	var longest Span
	for i, s := range spans {
		if i == 0 || s.Length(now) > longest.Length(now) {
			longest = s
		}
	}
	return longest, len(spans) > 0
}
