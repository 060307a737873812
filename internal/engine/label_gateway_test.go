// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

const renderedRef mesh.WorkloadRef = "Deployment istio-system/edge"

// labelGatewayUpgrade returns an upgrade with a gateway that istioctl installed, whose pods
// another tool moves as soon as the run begins, so that its objects are left to be labelled.
func labelGatewayUpgrade() *fake {
	f := newUpgrade()
	f.intent.Policy.Gateways, f.intent.Policy.RendersGateways = step.GatewaysLast, true
	f.intent.Policy.Rules = []step.Rule{{Kind: mesh.Deployment, Namespace: "istio-system", Name: "edge", Strategy: step.ByHold}}
	wl := mesh.Workload{
		Kind: mesh.Deployment, Namespace: "istio-system", Name: "edge", Gateway: true, Replicas: 1, ReplicaSetHash: "h1",
		Rollout:   mesh.Rollout{Done: true},
		Template:  mesh.Template{Hash: "t", Proxy: true, Annotations: map[string]string{mesh.RevisionLabel: "1-29-1"}},
		Installed: mesh.InstalledGateway{Operator: "mine", Component: "IngressGateways", Revision: "1-29-1"},
		Services:  []mesh.Service{{Name: "edge", Selector: map[string]string{"app": "edge"}}},
		Pods: []mesh.Pod{{Name: "edge-0", UID: "edge-0", Running: true, Ready: true, Current: true, HasController: true,
			Sidecar: mesh.Sidecar{Present: true, Revision: "1-29-1"}}},
	}
	f.world.Workloads = append(f.world.Workloads, wl)
	f.world.Sort()
	f.ledger = step.Ledger{}
	f.approve()
	f.afterWrite = func(c step.Change) {
		for i, wl := range f.world.Workloads {
			if wl.Ref() == renderedRef && c.Kind == "Namespace" {
				f.world.Workloads[i].Template.Annotations = map[string]string{mesh.RevisionLabel: f.intent.Revision}
				f.world.Workloads[i].Pods = slices.Clone(wl.Pods)
				f.world.Workloads[i].Pods[0].Sidecar.Revision = f.intent.Revision
			}
		}
	}
	return f
}

// Killed after any call, a run labels the objects of a gateway once, after it is verified.
func TestGatewayObjectsAreLabelledDespiteCrashes(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		f := labelGatewayUpgrade()
		killed := f.crashAndComplete(t, n)
		labels := slices.DeleteFunc(slices.Clone(f.writes), func(c step.Change) bool { return c.Verb != step.LabelObjects })
		if len(labels) != 1 || labels[0].Expect != "1-29-1" || labels[0].Revision != f.intent.Revision {
			t.Fatalf("killed after call %d: got labels %+v, want one of 1-29-1 to %s", n, labels, f.intent.Revision)
		}
		if wl, _ := f.world.Workload(renderedRef); wl.Installed.Revision != f.intent.Revision {
			t.Fatalf("killed after call %d: got label %s, want %s", n, wl.Installed.Revision, f.intent.Revision)
		}
		if !killed {
			return
		}
	}
}
