// SPDX-License-Identifier: Apache-2.0

package lease

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/engine"
)

// Hold returns at once, with the reason, if an admission policy rejects the Lease.
func TestHoldReturnsRefusal(t *testing.T) {
	c := leasing(t, http.StatusForbidden, "Forbidden", "denied the request: you must provide labels")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := c.Hold(ctx, "me", 15*time.Second, func(string) {}, func(context.Context) error {
		t.Error("acted without the Lease")
		return nil
	})
	if !errors.Is(err, engine.ErrRefused) || !strings.Contains(err.Error(), "write the Lease istio-system/rerig") ||
		!strings.Contains(err.Error(), "you must provide labels") {
		t.Errorf("got %v", err)
	}
}

// leasing returns the Lease of a cluster in which every write of it fails.
func leasing(t *testing.T, code int, reason, message string) *Lease {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		status := func(code int, reason, message string) {
			w.WriteHeader(code)
			fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"message":%q,"code":%d}`, reason, message, code)
		}
		switch {
		case r.Method != http.MethodGet:
			status(code, reason, message)
		case strings.HasSuffix(r.URL.Path, "/leases/"+Name):
			status(http.StatusNotFound, "NotFound", "not found")
		default:
			fmt.Fprint(w, `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"istio-system"}}`)
		}
	}))
	t.Cleanup(server.Close)
	api, err := client.New(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return New(api, "istio-system", time.Now)
}

// failing is a lock whose writes return an error.
type failing struct {
	resourcelock.Interface
	err error
}

func (d *failing) Create(context.Context, resourcelock.LeaderElectionRecord) error { return d.err }
func (d *failing) Update(context.Context, resourcelock.LeaderElectionRecord) error { return d.err }
func (d *failing) Describe() string                                                { return "istio-system/rerig" }

// A Lease that cannot be written for other reasons is tried for two minutes. Once it
// was held, the election decides.
func TestLockGivesUp(t *testing.T) {
	var none resourcelock.LeaderElectionRecord
	broken := errors.New("failed calling webhook")
	for _, held := range []bool{false, true} {
		now, stopped := time.Unix(0, 0), 0
		d := &failing{}
		w := &lock{Interface: d, now: func() time.Time { return now }, stop: func() { stopped++ }}
		if held {
			_ = w.Create(t.Context(), none)
		}
		d.err = broken
		for range 3 {
			if err := w.Update(t.Context(), none); !errors.Is(err, broken) {
				t.Fatal(err)
			}
			now = now.Add(50 * time.Second)
		}
		if stopped != 0 || w.gaveUp != nil {
			t.Errorf("held %t: given up after 100 s: %v", held, w.gaveUp)
		}
		for range 2 {
			_ = w.Create(t.Context(), none)
		}
		if given := stopped == 1 && errors.Is(w.gaveUp, broken); given == held || !errors.Is(w.writeErr, broken) {
			t.Errorf("held %t: after 150 s stopped %d times, for %v; the last error is %v", held, stopped, w.gaveUp, w.writeErr)
		}
	}
}
