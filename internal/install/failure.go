// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"

	"github.com/rerig/rerig/internal/engine"
)

// Failure is an install that did not come to its end.
type Failure struct {
	Revision      string
	Action        string    // what was being done, such as "/usr/local/bin/istioctl install"
	LastLines     []string  // the last lines that were said
	Err           error     // how it ended
	Leftovers     Leftovers // what istioctl left in the cluster
	LeftoversErr  error     // why Left could not be read
	RemoveCommand string    // how what it left is taken away; "" when there is nothing
}

func (f *Failure) Unwrap() []error { return asRefusal(f.Err) }

// asRefusal makes an installation that was given up a refusal: to repeat it at
// once would only say the same again. One that was broken off may be repeated,
// and one that the network ended.
func asRefusal(err error) []error {
	if interrupted(err) || isTransient(err) {
		return []error{err}
	}
	return []error{err, engine.ErrRefused}
}

// Error says what was done, how it ended, what is left and what to do.
func (f *Failure) Error() string {
	var b strings.Builder
	if interrupted(f.Err) {
		fmt.Fprintf(&b, "install revision %s: broken off (%v); the same command repeats the whole install", f.Revision, f.Err)
	} else {
		fmt.Fprintf(&b, "install revision %s: %s: %v", f.Revision, f.Action, f.Err)
		writeSection(&b, "it said last", f.LastLines)
	}
	if f.LeftoversErr != nil {
		fmt.Fprintf(&b, "\n%v", f.LeftoversErr)
	}
	b.WriteString(f.Leftovers.String())
	return b.String()
}

// Advice is what to do about it, for whoever finds the run held.
func (f *Failure) Advice() string {
	advice := "Mend what the message names and run the same command again: the whole installation is then repeated."
	if f.RemoveCommand != "" {
		advice += " To take away what it left: " + f.RemoveCommand
	}
	return advice
}

// interrupted: somebody ended it from outside.
func interrupted(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func writeSection[T any](b *strings.Builder, title string, items []T) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s:", title)
	for _, item := range items {
		fmt.Fprintf(b, "\n  %v", item)
	}
}

// isTransient reports whether an error is of the way to the API server, or of a
// moment: the whole install is then tried again.
func isTransient(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		utilnet.IsConnectionRefused(err) || utilnet.IsConnectionReset(err) || utilnet.IsProbableEOF(err) ||
		apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) || apierrors.IsTooManyRequests(err) ||
		apierrors.IsServiceUnavailable(err) || apierrors.IsInternalError(err) || apierrors.IsConflict(err)
}
