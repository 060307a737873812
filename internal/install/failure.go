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

// Failure is the error of an install that did not finish.
type Failure struct {
	Revision      string
	Action        string    // the command, such as "/usr/local/bin/istioctl install"
	LastLines     []string  // the end of its output
	Err           error     // why it ended
	Leftovers     Leftovers // objects that istioctl left in the cluster
	LeftoversErr  error     // why Leftovers could not be read
	RemoveCommand string    // command that removes what is left; "" if nothing is
}

func (f *Failure) Unwrap() []error { return asRefusal(f.Err) }

// asRefusal adds engine.ErrRefused to an error that an immediate retry would only repeat.
// Interrupted installs and network errors may be retried.
func asRefusal(err error) []error {
	if interrupted(err) || isTransient(err) {
		return []error{err}
	}
	return []error{err, engine.ErrRefused}
}

// Error says what was done, how it ended, what is left in the cluster and what to do.
func (f *Failure) Error() string {
	var b strings.Builder
	if interrupted(f.Err) {
		fmt.Fprintf(&b, "install revision %s: interrupted (%v). Run the same command again to repeat the install", f.Revision, f.Err)
	} else {
		fmt.Fprintf(&b, "install revision %s: %s: %v", f.Revision, f.Action, f.Err)
		writeSection(&b, "last output", f.LastLines)
	}
	if f.LeftoversErr != nil {
		fmt.Fprintf(&b, "\n%v", f.LeftoversErr)
	}
	b.WriteString(f.Leftovers.String())
	return b.String()
}

// Advice says what to do, for whoever finds the run held.
func (f *Failure) Advice() string {
	advice := "Fix the cause and run the same command again: it repeats the complete install."
	if f.RemoveCommand != "" {
		advice += " To remove what is left of it: `" + f.RemoveCommand + "`"
	}
	return advice
}

// interrupted reports whether an install was ended from outside.
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

// isTransient reports whether an error is of the connection to the API server, or temporary. The
// complete install is then retried.
func isTransient(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		utilnet.IsConnectionRefused(err) || utilnet.IsConnectionReset(err) || utilnet.IsProbableEOF(err) ||
		apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) || apierrors.IsTooManyRequests(err) ||
		apierrors.IsServiceUnavailable(err) || apierrors.IsInternalError(err) || apierrors.IsConflict(err)
}
