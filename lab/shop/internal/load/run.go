// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// maxInFlight bounds the number of requests in flight. If the shop hangs, more requests would only
// measure the machine. Requests that were not sent are counted.
const maxInFlight = 1000

// Run sends requests at a rate (per second), independent of earlier answers, until ctx ends. Then
// it waits for requests in flight.
func Run(ctx context.Context, kinds []Kind, rate float64, tally *Tally) {
	schedule := newSchedule(kinds)
	slots := make(chan struct{}, maxInFlight)
	var inFlight sync.WaitGroup
	defer inFlight.Wait()
	for next := time.Now(); wait(ctx, time.Until(next)); next = next.Add(time.Duration(float64(time.Second) / rate)) {
		kind := schedule.next()
		select {
		case slots <- struct{}{}:
		default:
			tally.Skip()
			continue
		}
		inFlight.Go(func() {
			sendRequest(kind, tally)
			<-slots
		})
	}
}

// sendRequest sends one request. The end of the run does not cancel it.
func sendRequest(kind Kind, tally *Tally) {
	ctx, cancel := context.WithTimeout(context.Background(), RequestTimeout)
	defer cancel()
	start := time.Now()
	answer, err := kind.Ask(ctx)
	tally.Record(kind.Name, start, answer, err)
}

// wait waits for d. It returns false if ctx has ended.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// schedule is the fixed order of kinds: each as often as its weight, spread evenly.
type schedule struct {
	kinds  []Kind
	credit []int
	total  int
}

func newSchedule(kinds []Kind) *schedule {
	s := &schedule{kinds: kinds, credit: make([]int, len(kinds))}
	for _, k := range kinds {
		s.total += k.Weight
	}
	return s
}

// next returns the kind with the most credit.
func (s *schedule) next() Kind {
	best := 0
	for i, k := range s.kinds {
		s.credit[i] += k.Weight
		if s.credit[i] > s.credit[best] {
			best = i
		}
	}
	s.credit[best] -= s.total
	return s.kinds[best]
}

// CheckOnce sends each kind once and returns the failures by kind and place.
func CheckOnce(ctx context.Context, kinds []Kind) error {
	var failures []error
	for _, k := range kinds {
		requestCtx, cancel := context.WithTimeout(ctx, RequestTimeout)
		if _, err := k.Ask(requestCtx); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", k.Name, err))
		}
		cancel()
	}
	return errors.Join(failures...)
}

// WaitUntilHealthy repeats CheckOnce until it succeeded in the given number of consecutive rounds,
// and reports the result of each round. Counting earlier would count the start of the shop.
func WaitUntilHealthy(ctx context.Context, kinds []Kind, rounds int, report func(error)) error {
	for passed := 0; passed < rounds; {
		err := CheckOnce(ctx, kinds)
		report(err)
		if passed++; err != nil {
			passed = 0
		}
		if !wait(ctx, time.Second) {
			return fmt.Errorf("wait for the shop to be healthy: %w", errors.Join(ctx.Err(), err))
		}
	}
	return nil
}
