// SPDX-License-Identifier: Apache-2.0

package advice_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// A workload that asks for a template which only the old revision has is named before anything
// moves: by the new revision, else by what will be installed, else by Istio's own templates.
func TestNotesNameMissingTemplates(t *testing.T) {
	w := plantest.World()
	for i, wl := range w.Workloads {
		switch wl.Ref() {
		case "Deployment a/w0":
			w.Workloads[i].Template.Annotations = map[string]string{mesh.TemplatesAnnotation: "sidecar,audit"}
		case "Deployment b/w0":
			w.Workloads[i].Template.Annotations = map[string]string{mesh.TemplatesAnnotation: "sidecar"}
		}
	}
	target := plantest.Forward(t, w, plantest.Intent(), step.Ledger{})
	with := func(names ...string) mesh.InjectionTemplates { return mesh.InjectionTemplates{Names: names} }
	old := mesh.ControlPlane{Revision: "1-29-1", Templates: with("sidecar", "audit")}
	for _, c := range []struct {
		name    string
		target  mesh.InjectionTemplates // none if the revision is not installed
		drafted mesh.InjectionTemplates // none if unknown
		want    map[string]string       // part of the text by subject
	}{
		{name: "installed without", target: with("sidecar"), want: map[string]string{"Deployment a/w0": "that revision 1-31-0 lacks"}},
		{name: "installed with", target: with("sidecar", "audit")},
		{name: "to be installed without", drafted: with("sidecar"), want: map[string]string{"Deployment a/w0": "that revision 1-31-0 lacks"}},
		{name: "to be installed with", drafted: with("sidecar", "audit")},
		{name: "another tool installs it", want: map[string]string{"Deployment a/w0": "that is not Istio's own"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mesh.ControlPlaneSettings{ControlPlanes: []mesh.ControlPlane{old, {Revision: "1-31-0", Templates: c.target}}}
			got := map[string]string{}
			for _, n := range advice.MissingTemplates(w, s, target, c.drafted) {
				got[n.Subject] = n.Text
				if want := "asks for sidecar,audit; missing: audit, which revision 1-29-1 has"; n.Evidence != want || n.Remedy == "" {
					t.Errorf("got evidence %q, remedy %q; want %q and a remedy", n.Evidence, n.Remedy, want)
				}
			}
			if !maps.EqualFunc(got, c.want, strings.Contains) {
				t.Errorf("notes: got %v, want %v", got, c.want)
			}
		})
	}
}
