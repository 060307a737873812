// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// maxInFlight is how many requests may be under way at once. When the shop hangs, asking more would only measure the
// machine; what was left unasked is counted.
const maxInFlight = 1000

// Run asks at the rate, in requests a second, whether or not the earlier ones were answered, until the context
// ends; then it waits for those under way.
func Run(ctx context.Context, kinds []Kind, rate float64, tally *Tally) {
	order := newSchedule(kinds)
	free := make(chan struct{}, maxInFlight)
	var asked sync.WaitGroup
	defer asked.Wait()
	for next := time.Now(); wait(ctx, time.Until(next)); next = next.Add(time.Duration(float64(time.Second) / rate)) {
		kind := order.next()
		select {
		case free <- struct{}{}:
		default:
			tally.Skip()
			continue
		}
		asked.Go(func() {
			sendRequest(kind, tally)
			<-free
		})
	}
}

// sendRequest makes one request, which the end of the run doesn't break off.
func sendRequest(kind Kind, tally *Tally) {
	ctx, cancel := context.WithTimeout(context.Background(), RequestTimeout)
	defer cancel()
	began := time.Now()
	answer, err := kind.Ask(ctx)
	tally.Record(kind.Name, began, answer, err)
}

// wait is false when the context ended before the time was over.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	over := time.NewTimer(d)
	defer over.Stop()
	select {
	case <-over.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// schedule is the order in which kinds come: each as often as its weight says, spread evenly, always the same.
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

// next is the kind that is owed most.
func (s *schedule) next() Kind {
	most := 0
	for i, k := range s.kinds {
		s.credit[i] += k.Weight
		if s.credit[i] > s.credit[most] {
			most = i
		}
	}
	s.credit[most] -= s.total
	return s.kinds[most]
}

// CheckOnce asks every kind once and says what was wrong, each by its kind and place.
func CheckOnce(ctx context.Context, kinds []Kind) error {
	var wrong []error
	for _, k := range kinds {
		limited, cancel := context.WithTimeout(ctx, RequestTimeout)
		if _, err := k.Ask(limited); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", k.Name, err))
		}
		cancel()
	}
	return errors.Join(wrong...)
}

// WaitUntilHealthy asks until the shop was right in all it does as many times in a row as asked for, and tells what each
// round found. A load that counts from before the shop stands would count the shop's own start.
func WaitUntilHealthy(ctx context.Context, kinds []Kind, rounds int, tell func(error)) error {
	for right := 0; right < rounds; {
		err := CheckOnce(ctx, kinds)
		tell(err)
		if right++; err != nil {
			right = 0
		}
		if !wait(ctx, time.Second) {
			return fmt.Errorf("wait for the shop to be whole: %w", errors.Join(ctx.Err(), err))
		}
	}
	return nil
}
