// SPDX-License-Identifier: Apache-2.0

package load

import (
	"errors"
	"sync"
	"time"

	"github.com/rerig/rerig/lab/shop/internal/hop"
)

// maxListedEvents bounds the listed failures and the listed cuts. All are counted.
const maxListedEvents = 500

// Tally counts requests and held connections since the last reset.
type Tally struct {
	now    func() time.Time
	mu     sync.Mutex
	counts counters
	// names are the kinds in report order.
	names []string
	paths map[string]string
}

// counters is everything that a reset clears.
type counters struct {
	start    time.Time
	skipped  int
	kinds    map[string]*KindCount
	answers  map[string]int
	seconds  map[string]map[int64]int
	failures []Event
	held     map[string]*HeldCount
	cuts     []Event
}

// NewTally returns a tally of these kinds that uses the given clock.
func NewTally(now func() time.Time, kinds []Kind) *Tally {
	t := &Tally{now: now, paths: map[string]string{}}
	for _, k := range kinds {
		t.names = append(t.names, k.Name)
		t.paths[k.Name] = k.Path
	}
	t.Reset()
	return t
}

// Reset sets all counts to 0. Held connections stay open.
func (t *Tally) Reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	held := map[string]*HeldCount{}
	for name, previous := range t.counts.held {
		held[name] = &HeldCount{Kind: name, Place: previous.Place, Open: previous.Open}
	}
	t.counts = counters{
		start: t.now(), held: held,
		kinds: map[string]*KindCount{}, answers: map[string]int{}, seconds: map[string]map[int64]int{},
	}
}

// Skip counts a request that was not sent, because too many were in flight.
func (t *Tally) Skip() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.skipped++
}

// Record counts the result of a request, unless it started before the last reset.
func (t *Tally) Record(kind string, start time.Time, answer hop.Answer, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if start.Before(t.counts.start) {
		return
	}
	count := t.counts.kinds[kind]
	if count == nil {
		count = &KindCount{Kind: kind}
		t.counts.kinds[kind] = count
	}
	count.Sent++
	count.Slowest = max(count.Slowest, t.now().Sub(start).Milliseconds())
	if err != nil {
		t.recordFailure(count, err)
		return
	}
	count.OK++
	answer.Walk(t.recordAnswer)
}

// recordAnswer counts an answer by service and version.
func (t *Tally) recordAnswer(a hop.Answer) {
	if a.Service != "" {
		name := a.Service
		if a.Version != "" {
			name += " " + a.Version
		}
		t.counts.answers[name]++
	}
}

func (t *Tally) recordFailure(count *KindCount, err error) {
	e := t.newEvent(count.Kind, err)
	count.Failed++
	if e.Wrong {
		count.Wrong++
	}
	if t.counts.seconds[e.Place] == nil {
		t.counts.seconds[e.Place] = map[int64]int{}
	}
	t.counts.seconds[e.Place][e.Time.Unix()]++
	if len(t.counts.failures) < maxListedEvents {
		t.counts.failures = append(t.counts.failures, e)
	}
}

// newEvent returns a failure at this moment, at the place that the error names.
func (t *Tally) newEvent(kind string, err error) Event {
	e := Event{Time: t.now().UTC().Truncate(time.Millisecond), Kind: kind, Place: "load", What: err.Error()}
	var f *hop.Failure
	if errors.As(err, &f) {
		e.Place, e.Hop, e.What, e.Wrong = f.To, f.Hop(), f.What, f.Wrong
	}
	return e
}
