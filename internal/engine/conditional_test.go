// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

func TestPatchesDependOnObservedTemplate(t *testing.T) {
	web := mesh.Workload{Kind: mesh.Deployment, Namespace: "shop", Name: "web", Template: mesh.Template{Hash: "h"}}
	custom := mesh.Workload{Kind: "StatefulSet.apps.kruise.io", Namespace: "shop", Name: "db", Template: mesh.Template{Hash: "then"}}
	turn := &turn{world: mesh.World{Workloads: []mesh.Workload{web, custom}}}
	for _, tc := range []struct {
		name   string
		change step.Change
		want   string
	}{
		{"a restart", step.Change{Verb: step.Patch, Kind: "Deployment", Namespace: "shop", Name: "web"}, "h"},
		{"a field of another kind", step.Change{Verb: step.Patch, Kind: "StatefulSet.apps.kruise.io", Namespace: "shop", Name: "db"}, "then"},
		{"a namespace", step.Change{Verb: step.Patch, Kind: "Namespace", Name: "shop", Expect: "binding"}, "binding"},
		{"an unknown workload", step.Change{Verb: step.Patch, Kind: "Deployment", Namespace: "shop", Name: "other"}, ""},
		{"an eviction", step.Change{Verb: step.EvictPod, Kind: "Pod", Namespace: "shop", Name: "web-1", Expect: "uid"}, "uid"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := turn.conditional(tc.change).Expect; got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
