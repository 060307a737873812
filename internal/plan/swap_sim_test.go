// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
)

// sim is one workload with a ReplicaSet controller, a kubelet, an endpoints
// controller and a webhook, each of which comes to its work when it comes.
type sim struct {
	r      *rand.Rand
	wanted int
	set    string // hash of the newest template
	inject string // the revision that a new pod gets
	pods   []*simPod
	keeper bool
	now    time.Time
	made   int
	late   bool // a look has the pods the other way round: their names are random
	trace  bool

	deadly  bool   // every write is the last one of a life
	settled bool   // it was killed so often that a stand-in stays
	fault   string // the first thing that must not be
	broken  string // the revision whose new pods do not get ready
}

type simPod struct {
	name, rev     string
	labels, notes map[string]string
	owned, ready  bool
	endpoint      bool
	broken        bool // it does not get ready any more
	born          time.Time
}

func newSim(seed uint64, wanted int) *sim {
	s := &sim{r: rand.New(rand.NewPCG(seed, 7)), wanted: wanted, set: "h1", inject: "old", now: noon, late: seed%2 == 1}
	for range wanted {
		s.make()
	}
	for _, p := range s.pods {
		p.ready, p.endpoint = true, true
	}
	s.now = s.now.Add(time.Second)
	return s
}

func (s *sim) make() {
	s.made++
	s.pods = append(s.pods, &simPod{name: fmt.Sprint("p", s.made), rev: s.inject, owned: true, born: s.now, broken: s.inject == s.broken,
		labels: map[string]string{"app": "web", swap.HashLabel: s.set}, notes: map[string]string{}})
}

// live lets the controllers work for a while.
func (s *sim) live(most int) {
	for range s.r.IntN(most + 1) {
		s.now = s.now.Add(time.Second)
		switch s.r.IntN(4) {
		case 0, 1:
			s.sync()
		case 2:
			s.sync() // a container takes longer to start than a controller to look
			for _, p := range s.pods {
				p.ready = !p.broken && (p.ready || s.r.IntN(2) == 0)
			}
		case 3:
			for _, p := range s.pods {
				p.endpoint = p.ready && p.labels["app"] == "web"
			}
		}
	}
}

// breaks has pods of a revision go bad, some at once, and those that are made from
// now.
func (s *sim) breaks(revision string) {
	s.broken = revision
	for _, p := range s.pods {
		if p.rev == revision && s.r.IntN(3) > 0 {
			p.broken, p.ready, p.endpoint = true, false, false
		}
	}
}

// sync is what the ReplicaSet controllers do: let go, adopt, make, and end the
// lowest ranked of too many. A rollout ends old ones as new ones serve.
func (s *sim) sync() {
	var own, older []*simPod
	for _, p := range s.pods {
		switch hash := p.labels[swap.HashLabel]; {
		case hash == s.set:
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
		s.make()
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
		return b.born.Compare(a.born)
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

// workload is what a look sees.
func (s *sim) workload() mesh.Workload {
	wl := mesh.Workload{Kind: mesh.Deployment, Namespace: "a", Name: "web", Replicas: s.wanted, ReplicaSetHash: s.set,
		Services: []mesh.Service{
			{
				Name:     "web",
				Selector: map[string]string{"app": "web"},
				Ports:    []mesh.Port{{Name: "http", Number: 80, Target: "8080", Protocol: "TCP"}},
			},
		}}
	if s.keeper {
		wl.Keeper = swap.KeeperName(wl.Ref())
	}
	for _, p := range s.pods {
		o := mesh.Pod{Name: p.name, UID: p.name, Running: true, Ready: p.ready, Current: p.labels[swap.HashLabel] == s.set, HasController: p.owned,
			Sidecar: mesh.Sidecar{
				Present: true, Revision: p.rev,
			}, Created: p.born, Swap: swap.ReadMark(p.labels, p.notes), GracePeriod: 30 * time.Second}
		if p.endpoint {
			o.Endpoints = []string{"web"}
		}
		wl.Pods = append(wl.Pods, o)
	}
	wl.Rollout.Done = true
	if s.late {
		slices.Reverse(wl.Pods)
	}
	return wl
}

// act carries out a change, if what it expects is there.
func (s *sim) act(c step.Change) {
	if c.Kind == "Service" {
		s.keeper = c.Verb == step.Create
		return
	}
	for _, p := range s.pods {
		if p.name != c.Name || swap.Precondition(p.name, swap.ReadMark(p.labels, p.notes)) != c.Expect {
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
		p.labels, p.notes = merged(p.labels, body.Metadata.Labels), merged(p.notes, body.Metadata.Annotations)
		s.leaves(p)
		return
	}
}

// leaves notes when a pod leaves the Services before others serve in its place.
func (s *sim) leaves(p *simPod) {
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
