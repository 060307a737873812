// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"testing"

	"github.com/rerig/rerig/internal/mesh"
)

func TestPreflightChecksExistingControlPlanes(t *testing.T) {
	for _, tc := range []struct {
		name   string
		breaks func(*mesh.World)
		check  string
	}{
		{"all good", func(*mesh.World) {}, ""},
		{"target does not exist", func(w *mesh.World) { w.Revisions = w.Revisions[:1] }, ""},
		{"old istiod's certificate expired", func(w *mesh.World) {
			w.Revisions[0].Istiods[0].CertificateNotValid = "out of date"
		}, "istiod-answers"},
		{"target's port closed", func(w *mesh.World) { w.Revisions[1].Istiods[0].PortClosed = "connection refused" }, "istiod-answers"},
		{"old istiod does not answer", func(w *mesh.World) { w.Revisions[0].Istiods[0].NoAnswer = "timeout" }, "istiod-answers"},
		{"old revision does not exist", func(w *mesh.World) { w.Revisions = w.Revisions[1:] }, "revision-complete"},
		{"third istiod does not answer", func(w *mesh.World) { w.Revisions = append(w.Revisions, thirdRevision("timeout")) }, "istiod-answers"},
		{"third istiod answers", func(w *mesh.World) { w.Revisions = append(w.Revisions, thirdRevision("")) }, ""},
		{"third istiod's port closed", func(w *mesh.World) {
			r := thirdRevision("")
			r.Istiods[0].PortClosed = "connection refused"
			w.Revisions = append(w.Revisions, r)
		}, ""},
		{"old istiod's port closed", func(w *mesh.World) { w.Revisions[0].Istiods[0].PortClosed = "connection refused" }, ""},
		{"third revision runs no istiod", func(w *mesh.World) {
			w.Revisions = append(w.Revisions, mesh.Revision{Name: "1-30-0"})
		}, ""},
		{"target's webhook without a CA bundle", func(w *mesh.World) { w.Webhooks[0].Roots = nil }, "webhook-certificate"},
		{"target's certificate for another name", func(w *mesh.World) {
			w.Revisions[1].Istiods[0].WebhookNameNotValid = "x509"
		}, "webhook-call"},
		{"old istiod's certificate for another name", func(w *mesh.World) {
			w.Revisions[0].Istiods[0].WebhookNameNotValid = "x509"
		}, ""},
		{"target has another version", func(w *mesh.World) { w.Revisions[1].Istiods[0].Version = "1.30.0" }, "istiod-version"},
		{"target has another trust root", func(w *mesh.World) { w.Webhooks[0].Roots = []string{"bbbb"} }, "trust-root"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := goodFacts().World
			w.Webhooks = append(w.Webhooks,
				mesh.Webhook{Configuration: "istio-sidecar-injector-1-29-1", Revision: "1-29-1", Roots: []string{"aaaa"}})
			tc.breaks(&w)
			bad := Preflight(w, []string{"1-29-1"}, "1-31-0", "1.31.0")
			if tc.check == "" && len(bad) > 0 || tc.check != "" && (len(bad) != 1 || bad[0].Check != tc.check) {
				t.Errorf("got %+v, want %q", bad, tc.check)
			}
		})
	}
}

// thirdRevision returns a control plane that no namespace is bound to, with one istiod.
func thirdRevision(silence string) mesh.Revision {
	return mesh.Revision{Name: "1-30-0", Replicas: 1, Istiods: []mesh.Istiod{{Pod: "istiod-1-30-0", NoAnswer: silence}}}
}
