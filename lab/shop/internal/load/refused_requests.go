// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/rerig/rerig/lab/shop/internal/hop"
)

// refused must be turned away at the gateway with exactly this status.
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
			return hop.Answer{}, hop.NewWrongAnswer("load", "ingress", "wanted %d, got %s: %.200s", want, resp.Status, body)
		}
		return hop.Answer{}, nil
	}
}

// plain goes to the cart past the gateway and without mTLS. The connection is taken, by the cart's proxy, and must
// be dropped without an answer; where nobody takes it, nothing was refused.
func (t Target) plain(ctx context.Context) (hop.Answer, error) {
	resp, _, err := t.Call.Do(ctx, "cart", t.Plain+"/", "", nil)
	if err == nil {
		return hop.Answer{}, hop.NewWrongAnswer("load", "cart", "let in without mTLS: %s", resp.Status)
	}
	if f := (*hop.Failure)(nil); errors.As(err, &f) && isDropped(f.What) {
		return hop.Answer{}, nil
	}
	return hop.Answer{}, err
}

// isDropped and isDial know the errors of Go's network by their text: they have come through a Failure, or gRPC.
// A connection that was taken and gave no answer was dropped, by whichever of the many ways there are to see that;
// waiting in vain is none of them.
func isDropped(what string) bool {
	return !isDialError(what) && !strings.Contains(what, context.DeadlineExceeded.Error())
}

func isDialError(what string) bool {
	return strings.Contains(what, "dial tcp") || strings.Contains(what, "connection error")
}
