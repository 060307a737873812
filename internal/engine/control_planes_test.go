// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// An upgrade may leave an istiod whose port 15012 is closed, and a rollback may return
// to it, because its proxies use another port. Nothing moves to a new one.
func TestIstiodWithoutPort15012(t *testing.T) {
	t.Parallel()
	shut := func(revision string) *fake {
		f := newUpgrade()
		f.onObserve = eachIstiod(revision, func(i *mesh.Istiod) { i.PortClosed = "connection refused" })
		return f
	}
	f := shut("1-29-1")
	expect(t, f, Completed)
	f.intent.Rollback = true
	f.approve()
	expect(t, f, RolledBack)
	f = shut("1-31-0")
	expect(t, f, Held)
	if h := f.ledger.Held; h.Reason != step.ReasonTimedOut || sidecars(f) != allOld {
		t.Errorf("at %s: held with %+v", sidecars(f), h)
	}
}

// eachIstiod returns a change to the istiods of a revision.
func eachIstiod(revision string, change func(*mesh.Istiod)) func(*mesh.World) {
	return func(w *mesh.World) {
		for _, r := range w.Revisions {
			for i := range r.Istiods {
				if r.Name == revision {
					change(&r.Istiods[i])
				}
			}
		}
	}
}

// No label is written towards an istiod whose webhooks the API server cannot call, in
// either direction. An upgrade may leave such an istiod.
func TestIstiodWithCertificateOfAnotherName(t *testing.T) {
	t.Parallel()
	const reason = "certificate is valid for istiod.istio-system.svc"
	misnamed := func(i *mesh.Istiod) { i.WebhookNameNotValid = reason }
	f := newUpgrade()
	f.onObserve = eachIstiod("1-31-0", misnamed)
	expect(t, f, Held)
	wantHold(t, f, step.Hold{Reason: step.ReasonCheckFailed, Message: reason})
	if sidecars(f) != allOld || wroteLabels(f) {
		t.Errorf("upgrade: got sidecars %s, writes %v, want a hold before any label", sidecars(f), f.writes)
	}
	f = newUpgrade()
	f.onObserve = eachIstiod("1-29-1", misnamed)
	expect(t, f, Completed)
	f.intent.Rollback, f.writes = true, nil
	f.approve()
	expect(t, f, Held)
	wantHold(t, f, step.Hold{Reason: step.ReasonCheckFailed, Message: reason})
	if wroteLabels(f) {
		t.Errorf("rollback: got writes %v, want a hold before any label", f.writes)
	}
}

func wroteLabels(f *fake) bool {
	return slices.ContainsFunc(f.writes, func(c step.Change) bool { return c.Kind == "Namespace" })
}
