// SPDX-License-Identifier: Apache-2.0

package load

import "time"

// Opened counts a held connection that was opened.
func (t *Tally) Opened(kind, place string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	count := t.held(kind, place)
	count.Opened++
	count.Open++
}

// Cut counts a held connection that was ended by somebody else, and how long it had lasted.
func (t *Tally) Cut(kind, place string, lasted time.Duration, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	count := t.held(kind, place)
	count.Cut++
	count.Open--
	e := t.event(kind, err)
	e.Place, e.Lasted = place, lasted.Round(time.Millisecond).String()
	t.cut(e)
}

// Unopened counts a held connection that could not be opened.
func (t *Tally) Unopened(kind, place string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held(kind, place).Unopened++
	e := t.event(kind, err)
	e.Place = place
	t.cut(e)
}

func (t *Tally) held(kind, place string) *HeldCount {
	if t.kept.held[kind] == nil {
		t.kept.held[kind] = &HeldCount{Kind: kind, Place: place}
	}
	return t.kept.held[kind]
}

func (t *Tally) cut(e Event) {
	if len(t.kept.cuts) < listed {
		t.kept.cuts = append(t.kept.cuts, e)
	}
}
