// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"github.com/rerig/rerig/internal/cluster/lease"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"testing"
	"time"
)

// testLease: the second process waits and knows for whom. It acts when the first one
// ends, which ends only after it has stopped acting.
func testLease(t *testing.T, c *fixture) {
	const span = 8 * time.Second
	firstActs, observed := make(chan struct{}), make(chan string, 10)
	first, stop := context.WithCancel(t.Context())
	ended, stopped := make(chan error, 1), time.Time{}
	go func() {
		ended <- c.Hold(first, "first", span, func(string) {}, func(ctx context.Context) error {
			close(firstActs)
			<-ctx.Done()
			time.Sleep(200 * time.Millisecond) // the write that is in progress
			stopped = time.Now()
			return ctx.Err()
		})
	}()
	<-firstActs
	if who, err := c.Holder(t.Context()); err != nil || who != "first" {
		t.Errorf("the holder is %q, %v", who, err)
	}
	second := make(chan error, 1)
	began := time.Time{}
	go func() {
		second <- c.Hold(t.Context(), "second", span, func(holder string) { observed <- holder }, func(context.Context) error {
			began = time.Now()
			return errors.New("done")
		})
	}()
	select {
	case who := <-observed:
		if who != "first" {
			t.Errorf("observed of %q", who)
		}
	case <-time.After(time.Minute):
		t.Fatal("the second is not observed of the first")
	}
	waiting, giveUp := context.WithTimeout(t.Context(), time.Second)
	defer giveUp()
	if err := c.Hold(waiting, "third", span, func(string) {}, func(context.Context) error { return nil }); !errors.Is(
		err,
		context.DeadlineExceeded,
	) {
		t.Errorf("one that gave up waiting ended with %v", err)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the first ended with %v", err)
	}
	if err := <-second; err == nil || err.Error() != "done" {
		t.Errorf("the second ended with %v", err)
	}
	if began.Before(stopped) {
		t.Error("both acted at the same time")
	}
	if who, err := c.Holder(t.Context()); err != nil || who != "" {
		t.Errorf("nobody acts, and the holder is %q, %v", who, err)
	}
}

// testLeaseLost: a process that loses the Lease stops acting.
func testLeaseLost(t *testing.T, c *fixture) {
	err := c.Hold(t.Context(), "robbed", 2*time.Second, func(string) {}, func(ctx context.Context) error {
		theft := []byte(`{"spec":{"holderIdentity":"thief"}}`)
		// A renewal at the same moment makes the API server say that they conflict.
		if err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
			_, err := c.api.CoordinationV1().Leases(c.root).Patch(ctx, lease.Name, types.MergePatchType, theft, metav1.PatchOptions{})
			return err
		}); err != nil {
			return err
		}
		<-ctx.Done()
		if !errors.Is(context.Cause(ctx), lease.ErrLost) {
			t.Errorf("the cause is %v", context.Cause(ctx))
		}
		return ctx.Err()
	})
	if !errors.Is(err, lease.ErrLost) {
		t.Errorf("got %v", err)
	}
}
