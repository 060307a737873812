// SPDX-License-Identifier: Apache-2.0

package load

import (
	"maps"
	"slices"
	"time"
)

// Report contains the counts since the start or the last reset. Times are in UTC.
type Report struct {
	Began   time.Time `json:"began"`
	Until   time.Time `json:"until"`
	Seconds float64   `json:"seconds"`
	Sent    int       `json:"sent"`
	OK      int       `json:"ok"`
	Failed  int       `json:"failed"`
	// Skipped requests were not sent, because too many were in flight.
	Skipped int         `json:"skipped"`
	Kinds   []KindCount `json:"kinds"`
	// Places counts failures by the service that should have answered.
	Places []PlaceCount `json:"places"`
	// Answers counts the good answers in which each version of a service took part.
	Answers map[string]int `json:"answers"`
	// Held counts held connections. A cut connection is not a failed request.
	Held     []HeldCount `json:"held"`
	Failures []Event     `json:"failures"`
	Cuts     []Event     `json:"cuts"`
}

// KindCount counts one kind of request. Sent is OK plus Failed. Wrong is part of Failed.
type KindCount struct {
	Kind    string `json:"kind"`
	Path    string `json:"path"`
	Sent    int    `json:"sent"`
	OK      int    `json:"ok"`
	Failed  int    `json:"failed"`
	Wrong   int    `json:"wrong"`
	Slowest int64  `json:"slowestMilliseconds"`
}

// PlaceCount counts the failures of one place, in total and per second.
type PlaceCount struct {
	Place   string        `json:"place"`
	Failed  int           `json:"failed"`
	Seconds []SecondCount `json:"seconds"`
}

// SecondCount counts the failures within one second.
type SecondCount struct {
	Second time.Time `json:"second"`
	Failed int       `json:"failed"`
}

// HeldCount counts held connections.
type HeldCount struct {
	Kind     string `json:"kind"`
	Place    string `json:"place"`
	Open     int    `json:"open"`
	Opened   int    `json:"opened"`
	Cut      int    `json:"cut"`
	Unopened int    `json:"unopened"`
}

// Event is one failure or one cut. Lasted is the lifetime of a connection that was cut.
type Event struct {
	Time   time.Time `json:"time"`
	Kind   string    `json:"kind"`
	Place  string    `json:"place"`
	Hop    string    `json:"hop,omitempty"`
	What   string    `json:"what"`
	Wrong  bool      `json:"wrong,omitempty"`
	Lasted string    `json:"lasted,omitempty"`
}

// Report returns the counts up to now.
func (t *Tally) Report() Report {
	t.mu.Lock()
	defer t.mu.Unlock()
	k, now := t.counts, t.now()
	r := Report{
		Began: k.start.UTC().Truncate(time.Millisecond), Until: now.UTC().Truncate(time.Millisecond),
		Seconds: now.Sub(k.start).Seconds(), Skipped: k.skipped, Answers: maps.Clone(k.answers),
		Failures: append([]Event{}, k.failures...), Cuts: append([]Event{}, k.cuts...),
		Places: placeCounts(k.seconds), Held: []HeldCount{},
	}
	for _, name := range t.names {
		count := KindCount{Kind: name}
		if c := k.kinds[name]; c != nil {
			count = *c
		}
		count.Path = t.paths[name]
		r.Kinds = append(r.Kinds, count)
		r.Sent, r.OK, r.Failed = r.Sent+count.Sent, r.OK+count.OK, r.Failed+count.Failed
	}
	for _, name := range slices.Sorted(maps.Keys(k.held)) {
		r.Held = append(r.Held, *k.held[name])
	}
	return r
}

func placeCounts(all map[string]map[int64]int) []PlaceCount {
	counts := []PlaceCount{}
	for _, place := range slices.Sorted(maps.Keys(all)) {
		count := PlaceCount{Place: place}
		for _, second := range slices.Sorted(maps.Keys(all[place])) {
			n := all[place][second]
			count.Failed += n
			count.Seconds = append(count.Seconds, SecondCount{time.Unix(second, 0).UTC(), n})
		}
		counts = append(counts, count)
	}
	return counts
}
