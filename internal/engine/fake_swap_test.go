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

// labels of the pods that a swap has touched, by UID; the others have those of
// their workload's template.
type tags struct{ labels, notes map[string]string }

// swapping is a fake whose workloads have Services and are moved pod by pod.
func swapping() *fake {
	f := upgrade()
	f.intent.Policy.Strategy = step.BySwap
	f.tags = map[string]tags{}
	for i, wl := range f.world.Workloads {
		f.world.Workloads[i].ReplicaSetHash = "h1"
		f.world.Workloads[i].Services = []mesh.Service{{Name: wl.Name, Selector: map[string]string{"app": wl.Name},
			Ports: []mesh.Port{{Name: "http", Number: 80, Target: "8080", Protocol: "TCP"}}}}
		for j := range wl.Pods {
			p := &f.world.Workloads[i].Pods[j]
			p.UID, p.HasController, p.GracePeriod, p.Endpoints, p.Created = wl.Namespace+p.Name, true, 30*time.Second, []string{wl.Name}, f.now.Add(-time.Hour)
		}
	}
	f.ledger = step.Ledger{}
	f.agree()
	return f
}

func (f *fake) Traffic(_ context.Context, ns, pod string) (mesh.Traffic, error) {
	if err := f.port(); err != nil {
		return mesh.Traffic{}, err
	}
	return mesh.Traffic{Idle: f.busy != pod, Evidence: "1 request under way"}, f.after()
}

// swap carries out what a swap writes, and has the ReplicaSet controller work at once.
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
		case c.Kind == "Service" && c.Verb == step.DeleteKept && wl.Keeper == c.Name:
			wl.Keeper = ""
		case c.Kind == "Pod":
			f.patch(&wl, c)
		}
		f.reconcile(&wl)
		f.world.Workloads[i] = wl
	}
}

func (f *fake) patch(wl *mesh.Workload, c step.Change) {
	for j, p := range wl.Pods {
		if p.Name != c.Name || swap.Precondition(p.UID, p.Swap) != c.Expect {
			continue
		}
		if c.Verb == step.DeleteKept {
			wl.Pods = slices.Delete(wl.Pods, j, j+1)
			return
		}
		t := f.tagsOf(*wl, p)
		var body struct {
			Metadata struct{ Labels, Annotations map[string]*string }
		}
		if err := json.Unmarshal(c.Patch, &body); err != nil {
			panic(err)
		}
		apply(t.labels, body.Metadata.Labels)
		apply(t.notes, body.Metadata.Annotations)
		f.tags[p.UID] = t
		return
	}
}

func (f *fake) tagsOf(wl mesh.Workload, p mesh.Pod) tags {
	if t, ok := f.tags[p.UID]; ok {
		return tags{maps.Clone(t.labels), maps.Clone(t.notes)}
	}
	hash := "h1"
	if strings.HasPrefix(p.Name, wl.Name+"-new") && f.tags != nil {
		hash = cmp.Or(f.sets[p.UID], hash)
	}
	return tags{map[string]string{"app": wl.Name, swap.HashLabel: hash}, map[string]string{}}
}

func apply(into map[string]string, patch map[string]*string) {
	for key, value := range patch {
		if delete(into, key); value != nil {
			into[key] = *value
		}
	}
}

// reconcile lets go, adopts, makes and ends pods as a ReplicaSet does: of too many
// the youngest goes. What serves and goes is a loss.
func (f *fake) reconcile(wl *mesh.Workload) {
	own := 0
	for j := range wl.Pods {
		p := &wl.Pods[j]
		t := f.tagsOf(*wl, *p)
		p.Swap = swap.ReadMark(t.labels, t.notes)
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
		f.made++
		if f.sets == nil {
			f.sets = map[string]string{}
		}
		f.sets[fmt.Sprint(wl.Namespace, wl.Name, "-new", f.made)] = wl.ReplicaSetHash
		name := fmt.Sprint(wl.Name, "-new", f.made)
		ready := f.unready != string(wl.Ref()) || !slices.Contains(f.world.Injectors(ns, wl.Template), f.intent.Revision)
		wl.Pods = append(wl.Pods, mesh.Pod{Name: name, UID: wl.Namespace + name, Running: true, Ready: ready, Current: true, HasController: true, Created: f.now.Add(time.Duration(f.made)),
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

// left tells what swaps have left of theirs.
func (f *fake) left() []string {
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

// uids are the pods of all workloads.
func (f *fake) uids() []string {
	var list []string
	for _, wl := range f.world.Workloads {
		for _, p := range wl.Pods {
			list = append(list, p.UID)
		}
	}
	slices.Sort(list)
	return list
}
