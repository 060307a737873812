// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// A difference that breaks traffic holds the run before the first move. Any other
// difference is a warning.
func TestControlPlanesAreComparedBeforeTheFirstMove(t *testing.T) {
	t.Parallel()
	loses := func(s *mesh.ControlPlaneSettings) {
		s.ControlPlanes[0].Settings = []mesh.Setting{{Group: mesh.MeshConfig, Key: "accessLogFile", Value: "/dev/stdout"}}
	}
	for _, c := range []struct {
		name   string
		setups func(*mesh.ControlPlaneSettings)
		held   string // "" for a run that completes
		passed string

		accepted []string // lost settings in the approved plan
	}{
		{name: "trust domain", setups: func(s *mesh.ControlPlaneSettings) {
			s.ControlPlanes[0].TrustDomain, s.ControlPlanes[1].TrustDomain = "a", "b"
		}, held: "trust domain b"},
		{name: "discovery", setups: func(s *mesh.ControlPlaneSettings) {
			s.ControlPlanes[1].Discovery = []mesh.Selector{{{Key: "mesh", Operator: mesh.Exists}}}
		}, held: "do not select namespace a"},
		{name: "templates", setups: func(s *mesh.ControlPlaneSettings) {
			s.ControlPlanes[1].Templates = mesh.InjectionTemplates{Names: []string{"gateway"}, Defaults: []string{"sidecar"}}
		}, held: "lacks injection templates that pods ask for: Deployment a/x (sidecar)"},
		{name: "no root", setups: func(s *mesh.ControlPlaneSettings) { s.HasRootCertificate["c"] = false },
			held: "namespace c has no ConfigMap istio-ca-root-cert"},
		{name: "drift", setups: func(s *mesh.ControlPlaneSettings) {
			s.ControlPlanes[1].Settings = []mesh.Setting{{Group: mesh.MeshConfig, Key: "accessLogFile", Value: "/dev/stdout"}}
		}, passed: "accessLogFile: (not set) -> /dev/stdout"},
		{name: "a lost setting", setups: loses, held: "loses settings of the revision that it replaces (1-29-1), and the approved plan " +
			"does not list them: mesh configuration: accessLogFile"},
		{name: "an accepted one", setups: loses, accepted: []string{"mesh configuration: accessLogFile"},
			passed: "accessLogFile: /dev/stdout -> (not set)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newUpgrade()
			f.onSettings, f.ledger.AcceptedLoss = c.setups, c.accepted
			outcome, err := f.run()
			if err != nil {
				t.Fatal(err)
			}
			if c.held != "" {
				if outcome != Held || !strings.Contains(f.ledger.Held.Message, c.held) {
					t.Errorf("got %v, hold %+v, want a hold: %s", outcome, f.ledger.Held, c.held)
				}
				for _, w := range f.writes {
					if w.Kind == "Namespace" || w.Verb == step.Patch {
						t.Errorf("got %s %s, want no write", w.Verb, w.Name)
					}
				}
				return
			}
			if pass := f.ledger.Passed[step.ValidateKey(f.world, "1-31-0")]; outcome != Completed || !strings.Contains(pass.Evidence, c.passed) {
				t.Errorf("got %v with %+v, want completed with %q", outcome, pass, c.passed)
			}
			if v := f.reported(Passed)[0].Verdict; v.Result != verify.Warn || v.Hint == "" {
				t.Errorf("got first verdict %+v, want a warning with a hint", v)
			}
		})
	}
}

// A namespace that is deleted before the validation has no root certificate and no
// labels. The validation ignores it.
func TestDeletedNamespaceIsNotCompared(t *testing.T) {
	t.Parallel()
	f := newUpgrade()
	for i := range f.world.Namespaces {
		f.world.Namespaces[i].Labels["mesh"] = "yes"
	}
	f.afterWrite = func(c step.Change) {
		if c.Verb == step.InstallRevision {
			f.world.Namespaces = slices.DeleteFunc(slices.Clone(f.world.Namespaces), func(n mesh.Namespace) bool { return n.Name == "c" })
			f.world.Workloads = slices.DeleteFunc(slices.Clone(f.world.Workloads), func(wl mesh.Workload) bool { return wl.Namespace == "c" })
		}
	}
	f.onSettings = func(s *mesh.ControlPlaneSettings) { // a deleted namespace has no root certificate
		for ns := range s.HasRootCertificate {
			_, s.HasRootCertificate[ns] = f.world.Namespace(ns)
		}
		s.ControlPlanes[1].Discovery = []mesh.Selector{{{Key: "mesh", Operator: mesh.Exists}}}
	}
	expect(t, f, Completed)
	wantSidecars(t, f, "[1-31-0] [1-31-0] []")
}
