// SPDX-License-Identifier: Apache-2.0

package reporttest

import (
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// LeavingGateway returns a run whose waves are verified. The gateway shop-web/web has two
// old pods, parked at Noon and a minute later, that have asked their clients to leave.
func LeavingGateway() Observation {
	w := Mesh()
	for i, wl := range w.Workloads {
		if wl.Name == "web" {
			w.Workloads[i].Gateway = true
			w.Workloads[i].Services = []mesh.Service{{Name: "web", Selector: map[string]string{"app": "web"}}}
			w.Workloads[i].ReplicaSetHash = "t1"
		}
	}
	in := Intent
	in.Policy.Gateways, in.Policy.Trial, in.Soak = step.GatewaysWith, step.NoTrial, 0
	o := Start(w, in)
	for o.Left[0].Kind != step.DeleteParked {
		o.Advance()
	}
	for i, wl := range o.World.Workloads {
		for j, pod := range wl.Pods {
			if pod.Swap.Place != mesh.Parked {
				continue
			}
			parked := &o.World.Workloads[i].Pods[j].Swap
			parked.ParkedAt, parked.LeavingAt = Noon, Noon.Add(5*time.Minute)
			if pod.Name == "web-1" {
				parked.ParkedAt = Noon.Add(time.Minute)
			}
		}
	}
	return o
}
