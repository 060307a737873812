// SPDX-License-Identifier: Apache-2.0

package load

import "time"

// Opened counts an opened connection.
func (t *Tally) Opened(kind, place string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	count := t.heldCount(kind, place)
	count.Opened++
	count.Open++
}

// Cut counts a connection that the other end closed, and its lifetime.
func (t *Tally) Cut(kind, place string, lasted time.Duration, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	count := t.heldCount(kind, place)
	count.Cut++
	count.Open--
	e := t.newEvent(kind, err)
	e.Place, e.Lasted = place, lasted.Round(time.Millisecond).String()
	t.addCut(e)
}

// Unopened counts a connection that could not be opened.
func (t *Tally) Unopened(kind, place string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.heldCount(kind, place).Unopened++
	e := t.newEvent(kind, err)
	e.Place = place
	t.addCut(e)
}

func (t *Tally) heldCount(kind, place string) *HeldCount {
	if t.counts.held[kind] == nil {
		t.counts.held[kind] = &HeldCount{Kind: kind, Place: place}
	}
	return t.counts.held[kind]
}

func (t *Tally) addCut(e Event) {
	if len(t.counts.cuts) < maxListedEvents {
		t.counts.cuts = append(t.counts.cuts, e)
	}
}
