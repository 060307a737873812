// SPDX-License-Identifier: Apache-2.0

package load

import (
	"errors"
	"sync"
	"time"

	"github.com/rerig/rerig/lab/shop/internal/hop"
)

// listed is how many failures, and how many cuts, are kept one by one; all are counted.
const listed = 500

// Tally counts what became of every request and of every held connection since it was last reset.
type Tally struct {
	now  func() time.Time
	mu   sync.Mutex
	kept record
	// names keep the order in which kinds are reported.
	names []string
	ways  map[string]string
}

// record is all that a reset throws away.
type record struct {
	began    time.Time
	skipped  int
	kinds    map[string]*KindCount
	answers  map[string]int
	seconds  map[string]map[int64]int
	failures []Event
	held     map[string]*HeldCount
	cuts     []Event
}

// NewTally counts kinds and held connections by the clock that it is given.
func NewTally(now func() time.Time, kinds []Kind) *Tally {
	t := &Tally{now: now, ways: map[string]string{}}
	for _, k := range kinds {
		t.names = append(t.names, k.Name)
		t.ways[k.Name] = k.Way
	}
	t.Reset()
	return t
}

// Reset begins anew. Connections that are held go on being held.
func (t *Tally) Reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	held := map[string]*HeldCount{}
	for name, was := range t.kept.held {
		held[name] = &HeldCount{Kind: name, Place: was.Place, Open: was.Open}
	}
	t.kept = record{
		began: t.now(), held: held,
		kinds: map[string]*KindCount{}, answers: map[string]int{}, seconds: map[string]map[int64]int{},
	}
}

// Skip counts a request that was not made because too many were under way.
func (t *Tally) Skip() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept.skipped++
}

// Record counts what became of a request. One that began before the last reset is none of this count.
func (t *Tally) Record(kind string, began time.Time, answer hop.Answer, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if began.Before(t.kept.began) {
		return
	}
	count := t.kept.kinds[kind]
	if count == nil {
		count = &KindCount{Kind: kind}
		t.kept.kinds[kind] = count
	}
	count.Sent++
	count.Slowest = max(count.Slowest, t.now().Sub(began).Milliseconds())
	if err != nil {
		t.failed(count, err)
		return
	}
	count.OK++
	answer.Each(t.answered)
}

// answered counts who answered, by service and version.
func (t *Tally) answered(a hop.Answer) {
	if a.Service != "" {
		name := a.Service
		if a.Version != "" {
			name += " " + a.Version
		}
		t.kept.answers[name]++
	}
}

func (t *Tally) failed(count *KindCount, err error) {
	e := t.event(count.Kind, err)
	count.Failed++
	if e.Wrong {
		count.Wrong++
	}
	if t.kept.seconds[e.Place] == nil {
		t.kept.seconds[e.Place] = map[int64]int{}
	}
	t.kept.seconds[e.Place][e.Time.Unix()]++
	if len(t.kept.failures) < listed {
		t.kept.failures = append(t.kept.failures, e)
	}
}

// event is a failure at this moment, in the place that the error names.
func (t *Tally) event(kind string, err error) Event {
	e := Event{Time: t.now().UTC().Truncate(time.Millisecond), Kind: kind, Place: "load", What: err.Error()}
	var f *hop.Failure
	if errors.As(err, &f) {
		e.Place, e.Hop, e.What, e.Wrong = f.To, f.Hop(), f.What, f.Wrong
	}
	return e
}
