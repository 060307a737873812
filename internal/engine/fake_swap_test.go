// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
)

// metadata are the labels and annotations of a pod that a swap has changed. Other pods
// have those of their workload's template.
type metadata struct{ labels, annotations map[string]string }

// swapUpgrade returns an upgrade whose workloads have Services and are swapped.
func swapUpgrade() *fake {
	f := newUpgrade()
	f.intent.Policy.Strategy = step.BySwap
	f.podMetadata = map[string]metadata{}
	for i, wl := range f.world.Workloads {
		f.world.Workloads[i].ReplicaSetHash = "h1"
		f.world.Workloads[i].Services = []mesh.Service{{Name: wl.Name, Selector: map[string]string{"app": wl.Name},
			Ports: []mesh.Port{{Name: "http", Number: 80, Target: "8080", Protocol: "TCP"}}}}
		for j := range wl.Pods {
			p := &f.world.Workloads[i].Pods[j]
			p.UID, p.HasController, p.GracePeriod = wl.Namespace+p.Name, true, 30*time.Second
			p.Endpoints, p.Created = []string{wl.Name}, f.now.Add(-time.Hour)
		}
	}
	f.ledger = step.Ledger{}
	f.approve()
	return f
}

func (f *fake) Traffic(_ context.Context, ns, pod string) (mesh.Traffic, error) {
	if err := f.enterCall(); err != nil {
		return mesh.Traffic{}, err
	}
	return mesh.Traffic{Idle: f.busyPod != pod && f.busyPod != ns+"/"+pod, Evidence: "1 request in flight"}, f.leaveCall()
}

func (f *fake) Connections(ctx context.Context, ns, pod string) (mesh.Traffic, error) {
	return f.Traffic(ctx, ns, pod)
}

func (f *fake) Configuration(_ context.Context, _, pod string) (mesh.ProxyConfig, error) {
	if err := f.enterCall(); err != nil {
		return nil, err
	}
	return f.configurations[pod], f.leaveCall()
}

// swap applies a write of a swap. The ReplicaSet controller then reconciles at once.
func (f *fake) swap(c step.Change) {
	f.world.Workloads = slices.Clone(f.world.Workloads)
	for i, wl := range f.world.Workloads {
		if wl.Namespace != c.Namespace {
			continue
		}
		wl.Pods = slices.Clone(wl.Pods)
		switch {
		case c.Kind == "Service" && c.Verb == step.Create && strings.Contains(string(c.Patch), string(wl.Ref())+`\"`):
			wl.Keeper = c.Name
		case c.Kind == "Service" && c.Verb == step.DeleteParkedPod && wl.Keeper == c.Name:
			wl.Keeper = ""
		case c.Kind == "Pod":
			f.patch(&wl, c)
		}
		if wl.ForGateway() {
			f.reconcileGateway(&wl)
		} else {
			f.reconcile(&wl)
		}
		f.world.Workloads[i] = wl
	}
}

func (f *fake) patch(wl *mesh.Workload, c step.Change) {
	for j, p := range wl.Pods {
		if p.Name != c.Name || swap.Precondition(p.UID, p.Swap) != c.Expect {
			continue
		}
		if c.Verb == step.CloseConnections || c.Verb == step.KeepConnections {
			if f.closing == nil {
				f.closing = map[string]bool{}
			}
			f.closing[p.UID] = c.Verb == step.CloseConnections
			return
		}
		if c.Verb == step.DeleteParkedPod {
			wl.Pods = slices.Delete(wl.Pods, j, j+1)
			return
		}
		t := f.metadataOf(*wl, p)
		var body struct {
			Metadata struct{ Labels, Annotations map[string]*string }
		}
		if err := json.Unmarshal(c.Patch, &body); err != nil {
			panic(err)
		}
		apply(t.labels, body.Metadata.Labels)
		apply(t.annotations, body.Metadata.Annotations)
		f.podMetadata[p.UID] = t
		return
	}
}

func (f *fake) metadataOf(wl mesh.Workload, p mesh.Pod) metadata {
	if t, ok := f.podMetadata[p.UID]; ok {
		return metadata{maps.Clone(t.labels), maps.Clone(t.annotations)}
	}
	hash := "h1"
	if strings.HasPrefix(p.Name, wl.Name+"-new") && f.podMetadata != nil {
		hash = cmp.Or(f.replicaSets[p.UID], hash)
	}
	return metadata{map[string]string{"app": wl.Name, swap.HashLabel: hash}, map[string]string{}}
}

func apply(into map[string]string, patch map[string]*string) {
	for key, value := range patch {
		if delete(into, key); value != nil {
			into[key] = *value
		}
	}
}

// reconcile selects, creates and deletes pods as the ReplicaSet controller does: of too
// many it deletes the youngest.
func (f *fake) reconcile(wl *mesh.Workload) {
	own := 0
	for j := range wl.Pods {
		p := &wl.Pods[j]
		t := f.metadataOf(*wl, *p)
		p.Swap = swap.ReadMark(t.labels, t.annotations)
		p.HasController = t.labels[swap.HashLabel] == wl.ReplicaSetHash
		p.Current = p.HasController
		if p.Endpoints = nil; t.labels["app"] == wl.Name && p.Ready {
			p.Endpoints = []string{wl.Name}
		}
		if p.HasController && !p.Terminating {
			own++
		}
	}
	ns, _ := f.world.Namespace(wl.Namespace)
	for ; own < wl.Replicas; own++ {
		f.podsCreated++
		if f.replicaSets == nil {
			f.replicaSets = map[string]string{}
		}
		f.replicaSets[fmt.Sprint(wl.Namespace, wl.Name, "-new", f.podsCreated)] = wl.ReplicaSetHash
		name := fmt.Sprint(wl.Name, "-new", f.podsCreated)
		ready := f.unreadyWorkload != wl.Ref() || !slices.Contains(f.world.Injectors(ns, wl.Template), f.intent.Revision)
		wl.Pods = append(wl.Pods, mesh.Pod{Name: name, UID: wl.Namespace + name, Running: true, Ready: ready, Current: true, HasController: true,
			Created: f.now.Add(time.Duration(f.podsCreated)),
			Sidecar: mesh.Sidecar{Present: true, Revision: f.world.Injectors(ns, wl.Template)[0]}, GracePeriod: 30 * time.Second})
		if ready {
			wl.Pods[len(wl.Pods)-1].Endpoints = []string{wl.Name}
		}
	}
	for ; own > wl.Replicas; own-- {
		last := -1
		for j, p := range wl.Pods {
			if p.HasController && !p.Terminating && (last < 0 || p.Created.After(wl.Pods[last].Created)) {
				last = j
			}
		}
		wl.Pods = slices.Delete(wl.Pods, last, last+1)
	}
}

// leftovers returns the keepers and the marked pods of swaps.
func (f *fake) leftovers() []string {
	var list []string
	for _, wl := range f.world.Workloads {
		if wl.Keeper != "" {
			list = append(list, "the keeper of "+string(wl.Ref()))
		}
		for _, p := range wl.Pods {
			if p.Swap.Marked() {
				list = append(list, "pod "+p.UID)
			}
		}
	}
	return list
}

// podUIDs returns the UIDs of all pods.
func (f *fake) podUIDs() []string {
	var list []string
	for _, wl := range f.world.Workloads {
		for _, p := range wl.Pods {
			list = append(list, p.UID)
		}
	}
	slices.Sort(list)
	return list
}
