// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"testing"

	"github.com/rerig/rerig/internal/mesh"
)

func TestPreflightJudgesWhatIsThere(t *testing.T) {
	for name, tc := range map[string]struct {
		breaks func(*mesh.World)
		check  string
	}{
		"sound":            {func(*mesh.World) {}, ""},
		"target not there": {func(w *mesh.World) { w.Revisions = w.Revisions[:1] }, ""},
		"old istiod's certificate is out of date": {func(w *mesh.World) { w.Revisions[0].Istiods[0].Stale = "out of date" }, "istiod-answers"},
		"target's port is shut":                   {func(w *mesh.World) { w.Revisions[1].Istiods[0].Shut = "connection refused" }, "istiod-answers"},
		"old istiod silent":                       {func(w *mesh.World) { w.Revisions[0].Istiods[0].Silence = "timeout" }, "istiod-answers"},
		"a tag to nowhere":                        {func(w *mesh.World) { w.Revisions = w.Revisions[1:] }, "revision-whole"},
		"another's silent":                        {func(w *mesh.World) { w.Revisions = append(w.Revisions, another("timeout")) }, "istiod-answers"},
		"another's answers":                       {func(w *mesh.World) { w.Revisions = append(w.Revisions, another("")) }, ""},
		"another's port is shut": {func(w *mesh.World) {
			r := another("")
			r.Istiods[0].Shut = "connection refused"
			w.Revisions = append(w.Revisions, r)
		}, ""},
		"old istiod's port is shut": {func(w *mesh.World) { w.Revisions[0].Istiods[0].Shut = "connection refused" }, ""},
		"another runs none":         {func(w *mesh.World) { w.Revisions = append(w.Revisions, mesh.Revision{Name: "1-30-0"}) }, ""},
		"target's webhook":          {func(w *mesh.World) { w.Webhooks[0].Roots = nil }, "webhook-certificate"},
		"another version":           {func(w *mesh.World) { w.Revisions[1].Istiods[0].Version = "1.30.0" }, "istiod-version"},
		"another trust root":        {func(w *mesh.World) { w.Webhooks[0].Roots = []string{"bbbb"} }, "trust-root"},
	} {
		t.Run(name, func(t *testing.T) {
			w := good().World
			w.Webhooks = append(w.Webhooks, mesh.Webhook{Configuration: "istio-sidecar-injector-1-29-1", Revision: "1-29-1", Roots: []string{"aaaa"}})
			tc.breaks(&w)
			bad := Preflight(w, []string{"1-29-1"}, "1-31-0", "1.31.0")
			if tc.check == "" && len(bad) > 0 || tc.check != "" && (len(bad) != 1 || bad[0].Check != tc.check) {
				t.Errorf("%+v, want %q", bad, tc.check)
			}
		})
	}
}

// another is a control plane that no namespace is bound to, and of which only
// one istiod is there.
func another(silence string) mesh.Revision {
	return mesh.Revision{Name: "1-30-0", Wanted: 1, Istiods: []mesh.Istiod{{Pod: "istiod-1-30-0", Silence: silence}}}
}
