// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
)

// apiGatewayUpgrade returns an upgrade of one gateway, b/x, which istiod deploys.
func apiGatewayUpgrade() *fake {
	f := swapUpgrade()
	f.intent.Policy.Gateways, f.intent.Policy.Trial = step.GatewaysLast, step.NoTrial
	for i := range f.world.Workloads {
		wl := &f.world.Workloads[i]
		if wl.Ref() != gatewayRef {
			continue
		}
		wl.Gateway, wl.APIGateway = true, mesh.APIGatewayObject{Name: wl.Name}
		wl.Settings = mesh.RolloutSettings{MaxSurge: "25%", MaxUnavailable: "25%", ProgressDeadlineSeconds: 600}
		wl.Template = mesh.Template{
			Hash: "t-1-29-1", Proxy: true, Annotations: map[string]string{mesh.RevisionLabel: "1-29-1"},
			Labels: map[string]string{mesh.GatewayLabel: wl.Name, mesh.ManagedLabel: "istio.io-gateway-controller", "app": wl.Name},
		}
	}
	f.intent.Waves, f.intent.Namespaces = [][]string{{"b"}}, []string{"b"}
	f.ledger = step.Ledger{}
	f.approve()
	return f
}

// gatewayReplicaSet is the pod-template-hash of a revision's pods. The first one is that
// of swapUpgrade.
func gatewayReplicaSet(revision string) string {
	if revision == "1-29-1" {
		return "h1"
	}
	return "h-" + revision
}

// gateway applies a write to a gateway that istiod deploys, and reports whether it is one.
func (f *fake) gateway(c step.Change) bool {
	i := slices.IndexFunc(f.world.Workloads, func(wl mesh.Workload) bool { return wl.ForGateway() && wl.Namespace == c.Namespace })
	if i < 0 || c.Kind != "ServiceEntry" && (c.Kind != "Deployment" || c.Name != f.world.Workloads[i].Name) {
		return false
	}
	f.world.Workloads = slices.Clone(f.world.Workloads)
	wl := &f.world.Workloads[i]
	wl.Pods = slices.Clone(wl.Pods)
	switch c.Verb {
	case step.Freeze, step.Unfreeze:
		wl.APIGateway.Label = mesh.Label{Set: c.Revision != step.NoLabel, Value: c.Revision}
		if !wl.APIGateway.Label.Set {
			wl.APIGateway.Label.Value = ""
		}
		wl.APIGateway.FrozenBy = ""
		if c.Verb == step.Freeze {
			wl.APIGateway.FrozenBy = c.Owner
		}
	case step.CreateShadow:
		wl.APIGateway.Shadow = c.Revision
	case step.DeleteShadow:
		wl.APIGateway.Shadow = mesh.NoShadow
	case step.CopyTemplate:
		f.olderReplicas = wl.Replicas
		wl.Template.Annotations = maps.Clone(wl.Template.Annotations)
		wl.Template.Annotations[mesh.RevisionLabel] = wl.APIGateway.Shadow
		wl.Template.Hash, wl.ReplicaSetHash = "t-"+wl.APIGateway.Shadow, gatewayReplicaSet(wl.APIGateway.Shadow)
	case step.Create:
		wl.Keeper = c.Name
	case step.DeleteParkedPod:
		wl.Keeper = ""
	case step.Patch:
		f.hold(wl, c)
	}
	f.reconcileGateway(wl)
	return true
}

// hold applies the patch that holds a rollout, or that releases it.
func (f *fake) hold(wl *mesh.Workload, c step.Change) {
	var body struct {
		Metadata struct{ Annotations map[string]*string }
	}
	if err := json.Unmarshal(c.Patch, &body); err != nil {
		panic(err)
	}
	var settings struct{ Spec struct{ MinReadySeconds int } }
	if err := json.Unmarshal(c.Patch, &settings); err != nil {
		panic(err)
	}
	wl.Held, wl.Settings.MinReadySeconds = mesh.HeldRollout{}, settings.Spec.MinReadySeconds
	if mark := body.Metadata.Annotations[swap.HeldAnnotation]; mark != nil {
		wl.Held = swap.ReadHeld(map[string]string{swap.HeldAnnotation: *mark})
	}
}

// reconcileGateway does what the Deployment controller does with two ReplicaSets: the
// older one loses its pods once the rollout is not held and the newer one has all.
func (f *fake) reconcileGateway(wl *mesh.Workload) {
	older := gatewayReplicaSet("1-29-1")
	if wl.ReplicaSetHash == older {
		older = gatewayReplicaSet("1-31-0")
	}
	if !wl.Held.Holds() {
		f.olderReplicas = 0
	}
	count := map[string]int{}
	staying := wl.Pods[:0]
	for _, p := range wl.Pods {
		t := f.metadataOf(*wl, p)
		hash := t.labels[swap.HashLabel]
		if count[hash]++; hash == older && count[hash] > f.olderReplicas {
			continue
		}
		p.Swap = swap.ReadMark(t.labels, t.annotations)
		p.Current, p.HasController = hash == wl.ReplicaSetHash, hash == wl.ReplicaSetHash || hash == older
		if p.OlderHash = ""; hash == older {
			p.OlderHash = older
		}
		if p.Endpoints = nil; t.labels["app"] == wl.Name && p.Ready {
			p.Endpoints = []string{wl.Name}
		}
		staying = append(staying, p)
	}
	wl.Pods = staying
	for _, set := range []struct {
		hash   string
		wanted int
	}{{wl.ReplicaSetHash, wl.Replicas}, {older, f.olderReplicas}} {
		for n := count[set.hash]; n < set.wanted; n++ {
			f.addGatewayPod(wl, set.hash)
		}
	}
	for n := count[wl.ReplicaSetHash]; n > wl.Replicas; n-- {
		youngest := -1
		for i, p := range wl.Pods {
			if p.Current && (youngest < 0 || p.Created.After(wl.Pods[youngest].Created)) {
				youngest = i
			}
		}
		wl.Pods = slices.Delete(wl.Pods, youngest, youngest+1)
	}
	wl.Rollout = mesh.Rollout{Done: !wl.Held.Holds() && count[older] == 0}
}

func (f *fake) addGatewayPod(wl *mesh.Workload, hash string) {
	f.podsCreated++
	if f.replicaSets == nil {
		f.replicaSets = map[string]string{}
	}
	name := fmt.Sprint(wl.Name, "-new", f.podsCreated)
	f.replicaSets[wl.Namespace+name] = hash
	revision := map[string]string{gatewayReplicaSet("1-29-1"): "1-29-1", gatewayReplicaSet("1-31-0"): "1-31-0"}[hash]
	p := mesh.Pod{Name: name, UID: wl.Namespace + name, Running: true, Ready: true, HasController: true, Current: hash == wl.ReplicaSetHash,
		Created: f.now.Add(time.Duration(f.podsCreated)), Sidecar: mesh.Sidecar{Present: true, Revision: revision},
		Endpoints: []string{wl.Name}, GracePeriod: 30 * time.Second}
	if !p.Current {
		p.OlderHash = hash
	}
	wl.Pods = append(wl.Pods, p)
}
