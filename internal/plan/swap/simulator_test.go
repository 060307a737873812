// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// noon is the start of each simulation.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// sim simulates one workload with its ReplicaSet controller, kubelet, endpoints controller and
// webhook, which act at random times.
type sim struct {
	r        *rand.Rand
	wanted   int
	hash     string // hash of the newest template
	inject   string // the revision that a new pod gets
	pods     []*simPod
	keeper   bool
	now      time.Time
	created  int
	reversed bool // observations list the pods in reverse order: their names are random
	trace    bool

	crashAlways bool   // the process crashes after every write
	settled     bool   // after many crashes a replacement stays
	fault       string // the first violation
	broken      string // the revision whose new pods do not become ready
}

type simPod struct {
	name, rev           string
	labels, annotations map[string]string
	owned, ready        bool
	endpoint            bool
	broken              bool // it does not become ready any more
	created             time.Time
}

func newSim(seed uint64, wanted int) *sim {
	s := &sim{r: rand.New(rand.NewPCG(seed, 7)), wanted: wanted, hash: "h1", inject: "old", now: noon, reversed: seed%2 == 1}
	for range wanted {
		s.addPod()
	}
	for _, p := range s.pods {
		p.ready, p.endpoint = true, true
	}
	s.now = s.now.Add(time.Second)
	return s
}

func (s *sim) addPod() {
	s.created++
	s.pods = append(s.pods, &simPod{name: fmt.Sprint("p", s.created), rev: s.inject, owned: true, created: s.now, broken: s.inject == s.broken,
		labels: map[string]string{"app": "web", HashLabel: s.hash}, annotations: map[string]string{}})
}

// breakPods makes pods of a revision fail: some of the present ones, and all new ones.
func (s *sim) breakPods(revision string) {
	s.broken = revision
	for _, p := range s.pods {
		if p.rev == revision && s.r.IntN(3) > 0 {
			p.broken, p.ready, p.endpoint = true, false, false
		}
	}
}

// reconcile does what the ReplicaSet controllers do: release and adopt pods, create missing ones, delete
// the lowest ranked surplus ones. A rollout deletes old pods as new ones serve.
func (s *sim) reconcile() {
	var own, older []*simPod
	for _, p := range s.pods {
		switch hash := p.labels[HashLabel]; {
		case hash == s.hash:
			p.owned = true
			own = append(own, p)
		case strings.HasPrefix(hash, "h"):
			p.owned = true
			older = append(older, p)
		default:
			p.owned = false
		}
	}
	for range s.wanted - len(own) {
		s.addPod()
	}
	if served := count(own, func(p *simPod) bool { return p.endpoint }); len(older) > 0 && served >= s.wanted {
		s.remove(older[0])
	}
	if len(older) > 0 {
		return
	}
	slices.SortStableFunc(own, func(a, b *simPod) int {
		if a.ready != b.ready {
			return map[bool]int{false: -1, true: 1}[a.ready]
		}
		return b.created.Compare(a.created)
	})
	for len(own) > s.wanted {
		if own[0].endpoint && s.fault == "" {
			s.fault = own[0].name + " was serving, and one too many"
		}
		s.remove(own[0])
		own = own[1:]
	}
}

func (s *sim) remove(p *simPod) {
	s.pods = slices.DeleteFunc(s.pods, func(o *simPod) bool { return o == p })
}

func count(list []*simPod, is func(*simPod) bool) int {
	n := 0
	for _, p := range list {
		if is(p) {
			n++
		}
	}
	return n
}

// workload returns the observed workload.
func (s *sim) workload() mesh.Workload {
	wl := mesh.Workload{Kind: mesh.Deployment, Namespace: "a", Name: "web", Replicas: s.wanted, ReplicaSetHash: s.hash,
		Services: []mesh.Service{
			{
				Name:     "web",
				Selector: map[string]string{"app": "web"},
				Ports:    []mesh.Port{{Name: "http", Number: 80, Target: "8080", Protocol: "TCP"}},
			},
		}}
	if s.keeper {
		wl.Keeper = keeperName(wl.Ref())
	}
	for _, p := range s.pods {
		o := mesh.Pod{Name: p.name, UID: p.name, Running: true, Ready: p.ready, Current: p.labels[HashLabel] == s.hash, HasController: p.owned,
			Sidecar: mesh.Sidecar{
				Present: true, Revision: p.rev,
			}, Created: p.created, Swap: ReadMark(p.labels, p.annotations), GracePeriod: 30 * time.Second}
		if p.endpoint {
			o.Endpoints = []string{"web"}
		}
		wl.Pods = append(wl.Pods, o)
	}
	wl.Rollout.Done = true
	if s.reversed {
		slices.Reverse(wl.Pods)
	}
	return wl
}

// apply applies a change if its precondition holds.
func (s *sim) apply(c step.Change) {
	if c.Kind == "Service" {
		s.keeper = c.Verb == step.Create
		return
	}
	for _, p := range s.pods {
		if p.name != c.Name || Precondition(p.name, ReadMark(p.labels, p.annotations)) != c.Expect {
			continue
		}
		if c.Verb == step.DeleteParkedPod {
			if p.endpoint && s.fault == "" {
				s.fault = p.name + " was ended while it served"
			}
			s.remove(p)
			return
		}
		var body struct {
			Metadata struct{ Labels, Annotations map[string]*string }
		}
		if err := json.Unmarshal(c.Patch, &body); err != nil {
			panic(err)
		}
		p.labels, p.annotations = merged(p.labels, body.Metadata.Labels), merged(p.annotations, body.Metadata.Annotations)
		s.checkLeave(p)
		return
	}
}

// checkLeave records a fault if a pod leaves its Services before a replacement serves.
func (s *sim) checkLeave(p *simPod) {
	if p.labels["app"] == "web" || !p.endpoint {
		return
	}
	left := count(s.pods, func(o *simPod) bool { return o.endpoint && o != p && o.labels["app"] == "web" })
	if left < s.wanted && s.fault == "" {
		s.fault = fmt.Sprintf("%s left with %d serving of %d", p.name, left, s.wanted)
	}
	if !s.keeper && s.fault == "" {
		s.fault = p.name + " left without a keeper"
	}
}

func merged(into map[string]string, patch map[string]*string) map[string]string {
	out := maps.Clone(into)
	for key, value := range patch {
		if delete(out, key); value != nil {
			out[key] = *value
		}
	}
	return out
}
