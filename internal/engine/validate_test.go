// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// A difference that breaks holds the run before anything is moved; one that does
// not is passed, and said.
func TestControlPlanesAreComparedBeforeTheFirstMove(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		setups func(*mesh.ControlPlaneSettings)
		held   string // "" for a run that goes on
		passed string
	}{
		{name: "trust domain", setups: func(s *mesh.ControlPlaneSettings) {
			s.ControlPlanes[0].TrustDomain, s.ControlPlanes[1].TrustDomain = "a", "b"
		}, held: "trust domain b"},
		{name: "discovery", setups: func(s *mesh.ControlPlaneSettings) {
			s.ControlPlanes[1].Discovery = []mesh.Selector{{{Key: "mesh", Operator: mesh.Exists}}}
		}, held: "do not select namespace a"},
		{name: "no root", setups: func(s *mesh.ControlPlaneSettings) { s.HasRootCertificate["c"] = false }, held: "namespace c has no ConfigMap istio-ca-root-cert"},
		{name: "drift", setups: func(s *mesh.ControlPlaneSettings) {
			s.ControlPlanes[0].Settings = []mesh.Setting{{Group: mesh.MeshConfig, Key: "accessLogFile", Value: "/dev/stdout"}}
		}, passed: "accessLogFile: /dev/stdout -> (not set)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := upgrade()
			f.setups = c.setups
			outcome, err := f.run()
			if err != nil {
				t.Fatal(err)
			}
			if c.held != "" {
				if outcome != Held || !strings.Contains(f.ledger.Held.Message, c.held) {
					t.Errorf("%v %+v", outcome, f.ledger.Held)
				}
				for _, w := range f.writes {
					if w.Kind == "Namespace" || w.Verb == step.Patch {
						t.Errorf("%s %s was written", w.Verb, w.Name)
					}
				}
				return
			}
			if pass := f.ledger.Passed[step.ValidateKey(f.world, "1-31-0")]; outcome != Completed || !strings.Contains(pass.Evidence, c.passed) {
				t.Errorf("%v: %+v", outcome, pass)
			}
		})
	}
}

// A namespace that is deleted before the control plane is judged has no root
// certificate, and is selected by nothing: that holds nobody up.
func TestDeletedNamespaceIsNotCompared(t *testing.T) {
	t.Parallel()
	f := upgrade()
	for i := range f.world.Namespaces {
		f.world.Namespaces[i].Labels["mesh"] = "yes"
	}
	f.acted = func(c step.Change) {
		if c.Verb == step.InstallRevision {
			f.world.Namespaces = slices.DeleteFunc(slices.Clone(f.world.Namespaces), func(n mesh.Namespace) bool { return n.Name == "c" })
			f.world.Workloads = slices.DeleteFunc(slices.Clone(f.world.Workloads), func(wl mesh.Workload) bool { return wl.Namespace == "c" })
		}
	}
	f.setups = func(s *mesh.ControlPlaneSettings) { // as the cluster answers: what is not there has no root
		for ns := range s.HasRootCertificate {
			_, s.HasRootCertificate[ns] = f.world.Namespace(ns)
		}
		s.ControlPlanes[1].Discovery = []mesh.Selector{{{Key: "mesh", Operator: mesh.Exists}}}
	}
	expect(t, f, Completed)
	if got := where(f); got != "[1-31-0] [1-31-0] []" {
		t.Error(got)
	}
}
