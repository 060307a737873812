// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/rerig/rerig/lab/shop/internal/hop"
)

// refused must be denied at the gateway with exactly this status.
func (t Target) refused(bearer string, want int) func(context.Context) (hop.Answer, error) {
	return func(ctx context.Context) (hop.Answer, error) {
		header := http.Header{}
		if bearer != "" {
			header.Set("Authorization", "Bearer "+bearer)
		}
		resp, body, err := t.Call.Do(ctx, "ingress", t.HTTP+"/account", WebHost, header)
		if err != nil {
			return hop.Answer{}, err
		}
		if resp.StatusCode != want {
			return hop.Answer{}, hop.NewWrongAnswer("load", "ingress", "want %d, got %s: %.200s", want, resp.Status, body)
		}
		return hop.Answer{}, nil
	}
}

// plain calls cart without the gateway and without mTLS. Cart's proxy must accept the connection
// and close it without an answer. A connection that nothing accepts is a failure.
func (t Target) plain(ctx context.Context) (hop.Answer, error) {
	resp, _, err := t.Call.Do(ctx, "cart", t.Plain+"/", "", nil)
	if err == nil {
		return hop.Answer{}, hop.NewWrongAnswer("load", "cart", "allowed without mTLS: %s", resp.Status)
	}
	if f := (*hop.Failure)(nil); errors.As(err, &f) && isDropped(f.What) {
		return hop.Answer{}, nil
	}
	return hop.Answer{}, err
}

// isDropped reports whether an accepted connection was closed without an answer. It matches Go's
// error texts, because the error passed through a Failure or gRPC. A timeout is no drop.
func isDropped(what string) bool {
	return !isDialError(what) && !strings.Contains(what, context.DeadlineExceeded.Error())
}

func isDialError(what string) bool {
	return strings.Contains(what, "dial tcp") || strings.Contains(what, "connection error")
}
