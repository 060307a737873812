// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/engine"
)

// Failure is an install that did not come to its end.
type Failure struct {
	Revision string
	Istioctl string
	Said     []string  // istioctl's last lines
	Err      error     // how it ended
	Left     Leftovers // what it left in the cluster
	Unknown  error     // why Left could not be read
}

func (f *Failure) Unwrap() error { return f.Err }

// Is makes an installation that istioctl gave up a refusal: to repeat it at once
// would only say the same again. One that was broken off may be repeated.
func (f *Failure) Is(target error) bool { return target == engine.ErrRefused && !f.broken() }

// Error says what was done, how it ended, what is left and what to do.
func (f *Failure) Error() string {
	var b strings.Builder
	if f.broken() {
		fmt.Fprintf(&b, "install revision %s: broken off (%v); the same command repeats the whole install", f.Revision, f.Err)
	} else {
		fmt.Fprintf(&b, "install revision %s: %s install: %v", f.Revision, f.Istioctl, f.Err)
		section(&b, "istioctl said last", f.Said)
	}
	if f.Unknown != nil {
		fmt.Fprintf(&b, "\n%v", f.Unknown)
	}
	b.WriteString(f.Left.String())
	return b.String()
}

// broken: somebody ended it from outside.
func (f *Failure) broken() bool {
	return errors.Is(f.Err, context.Canceled) || errors.Is(f.Err, context.DeadlineExceeded)
}

func section[T any](b *strings.Builder, title string, items []T) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s:", title)
	for _, item := range items {
		fmt.Fprintf(b, "\n  %v", item)
	}
}
