// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"time"
)

// maxPause is the longest pause after an error, as a multiple of Engine.Poll.
const maxPause = 30

// failures are the turns that failed one after the other, without one that
// succeeded in between.
type failures struct {
	count int
	since time.Time // the first one
}

func (f *failures) add(now time.Time) {
	if f.count == 0 {
		f.since = now
	}
	f.count++
}

func (f failures) duration(now time.Time) time.Duration { return now.Sub(f.since) }

// pause returns how long to wait before the next turn: poll, doubled with each
// further failure up to maxPause times poll. With jitter it is between half of that
// and all of it, so that several hosts don't return to the API server at once.
func (f failures) pause(poll time.Duration, jitter func() float64) time.Duration {
	d := poll
	for range f.count - 1 {
		if d = 2 * d; d >= maxPause*poll {
			d = maxPause * poll
			break
		}
	}
	if jitter == nil {
		return d
	}
	return d/2 + time.Duration(jitter()*float64(d/2))
}

// retryable reports whether the same call may succeed later.
func retryable(err error) bool {
	return !errors.Is(err, ErrRefused) && !errors.Is(err, context.Canceled)
}
