// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"sync"
	"time"
)

// crowd is how many requests may be under way at once. When the shop hangs, asking more would only measure the
// machine; what was left unasked is counted.
const crowd = 1000

// Run asks at the rate, in requests a second, whether or not the earlier ones were answered, until the context
// ends; then it waits for those under way.
func Run(ctx context.Context, kinds []Kind, rate float64, tally *Tally) {
	order := newMix(kinds)
	free := make(chan struct{}, crowd)
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
			ask(kind, tally)
			<-free
		})
	}
}

// ask makes one request, which the end of the run doesn't break off.
func ask(kind Kind, tally *Tally) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
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
