// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

const heldRef mesh.WorkloadRef = "Deployment a/web"

func heldTarget(back bool) step.Target {
	to := map[bool]string{false: "new", true: "old"}[back]
	t := step.Target{
		Run: "to-new", Revision: "new", Rollback: back,
		WorkloadRevisions: map[mesh.WorkloadRef]string{heldRef: to}, TemplateLabels: map[mesh.WorkloadRef]string{heldRef: to},
	}
	t.Policy = step.Policy{Strategy: step.BySwap, TemplateLabels: t.TemplateLabels}
	return t
}

// heldSim simulates a workload whose own label decides its revision: a Deployment with two
// templates, whose controllers, kubelet and endpoints controller act at random times. It
// follows pkg/controller/deployment/rolling.go of Kubernetes 1.34.
type heldSim struct {
	*sim
	label       string // the template's; h and the label are the hash of its ReplicaSet
	spec        mesh.RolloutSettings
	annotations map[string]string
	replicas    map[string]int // of ReplicaSets, by their hash
	release     *simRelease    // that renders the template, nil for none
	minReady    map[string]int // the same
	aged        int            // of the pods, in order of creation: how many are older than any hold
	rendered    bool           // its template is rendered for one revision
	stored      string         // the revision of the template that was stored
	crowded     bool           // after many crashes in releases the rollout ends pods that came for released ones
}

// simRelease is a Helm release. A crash may leave an upgrade of it unfinished.
type simRelease struct {
	label      string // that it renders
	unfinished bool
	checked    bool // the next upgrade was checked by dry run
	mayCrash   bool
	crashed    bool
}

func newHeldSim(seed uint64, wanted int) *heldSim {
	s := &heldSim{
		sim:   &sim{r: rand.New(rand.NewPCG(seed, 11)), wanted: wanted, hash: "hold", inject: "old", now: noon, reversed: seed%2 == 1},
		label: "old", spec: mesh.RolloutSettings{MaxSurge: "1", ProgressDeadlineSeconds: 600}, annotations: map[string]string{},
		replicas: map[string]int{"hold": wanted}, minReady: map[string]int{}, aged: int(seed/2%2) * wanted,
	}
	if seed%3 == 2 {
		s.release = &simRelease{label: "old"}
	}
	for range wanted {
		s.addPod()
	}
	for _, p := range s.pods {
		p.ready, p.endpoint = true, true
	}
	s.now = s.now.Add(time.Second)
	return s
}

// available reports whether a pod has been ready for as long as its ReplicaSet wants.
func (s *heldSim) available(p *simPod) bool {
	aged := slices.IndexFunc(s.pods, func(o *simPod) bool { return o == p }) < s.aged && p.created.Equal(noon)
	return p.ready && (s.minReady[p.labels[HashLabel]] == 0 || aged)
}

func (s *heldSim) of(hash string) []*simPod {
	var list []*simPod
	for _, p := range s.pods {
		if p.labels[HashLabel] == hash {
			list = append(list, p)
		}
	}
	return list
}

// reconcile does what the controllers do once.
func (s *heldSim) reconcile() {
	s.hash, s.inject = "h"+s.label, s.label
	s.minReady[s.hash] = s.spec.MinReadySeconds
	for _, p := range s.pods {
		_, is := s.replicas[p.labels[HashLabel]]
		p.owned = is || p.labels[HashLabel] == s.hash
	}
	s.deploy()
	for hash, wanted := range s.replicas {
		own := s.of(hash)
		for range wanted - len(own) {
			s.created++
			s.pods = append(s.pods, &simPod{
				name: fmt.Sprint("p", s.created), rev: hash[1:], owned: true, created: s.now, broken: hash[1:] == s.broken,
				labels: map[string]string{"app": "web", HashLabel: hash}, annotations: map[string]string{},
			})
		}
		slices.SortStableFunc(own, func(a, b *simPod) int {
			if a.ready != b.ready {
				return map[bool]int{false: -1, true: 1}[a.ready]
			}
			return b.created.Compare(a.created)
		})
		for _, p := range own[:max(0, len(own)-wanted)] {
			if p.endpoint && s.fault == "" && !s.crowded {
				s.fault = p.name + " was serving when its ReplicaSet ended it"
				if s.trace {
					fmt.Println("FAULT", s.fault, s.replicas, s.minReady, s.label)
				}
			}
			s.remove(p)
		}
	}
}

// deploy scales the ReplicaSets.
func (s *heldSim) deploy() {
	other := map[string]string{"hold": "hnew", "hnew": "hold"}[s.hash]
	surge := 1
	if s.spec.MaxSurge == "100%" {
		surge = s.wanted
	}
	s.replicas[s.hash] = max(s.replicas[s.hash], min(s.wanted, s.wanted+surge-s.replicas[other]))
	s.replicas[s.hash] = min(s.replicas[s.hash], s.wanted)
	newAvailable := min(count(s.of(s.hash), s.available), s.replicas[s.hash])
	oldAvailable := min(count(s.of(other), s.available), s.replicas[other])
	surplus := s.replicas[s.hash] + s.replicas[other] - s.wanted - (s.replicas[s.hash] - newAvailable)
	if surplus <= 0 {
		return
	}
	unhealthy := min(surplus, s.replicas[other]-oldAvailable)
	s.replicas[other] -= unhealthy
	s.replicas[other] -= max(0, min(newAvailable+oldAvailable-s.wanted, s.replicas[other]))
}

func (s *heldSim) workload() mesh.Workload {
	s.hash = "h" + s.label
	wl := s.sim.workload()
	wl.Template.Labels = map[string]string{mesh.RevisionLabel: s.label, "app": "web"}
	wl.Settings, wl.Held = s.spec, ReadHeld(s.annotations)
	if s.release != nil {
		wl.ManagedBy = "Helm release a/edge"
		wl.Release = mesh.HelmRelease{Namespace: "a", Name: "edge", Unfinished: s.release.unfinished}
	}
	for i, p := range wl.Pods {
		if hash := s.pod(p.Name).labels[HashLabel]; !p.Current && p.Swap.Place == mesh.Attached {
			wl.Pods[i].OlderHash = hash
		}
	}
	if s.rendered {
		return s.asRendered(wl)
	}
	return wl
}

func (s *heldSim) pod(name string) *simPod {
	return s.pods[slices.IndexFunc(s.pods, func(p *simPod) bool { return p.name == name })]
}

// apply applies a change.
func (s *heldSim) apply(c step.Change) {
	if s.rendered && s.applyTemplate(c) {
		return
	}
	if c.Kind != string(mesh.Deployment) {
		s.sim.apply(c)
		return
	}
	if c.Verb == step.UpgradeRelease {
		s.upgrade(c)
		return
	}
	var body struct {
		Metadata struct{ Annotations map[string]*string }
		Spec     struct {
			MinReadySeconds, ProgressDeadlineSeconds *int
			Strategy                                 struct {
				RollingUpdate struct{ MaxSurge, MaxUnavailable any }
			}
			Template struct {
				Metadata struct{ Labels map[string]string }
			}
		}
	}
	if err := json.Unmarshal(c.Patch, &body); err != nil {
		panic(err)
	}
	s.annotations = merged(s.annotations, body.Metadata.Annotations)
	if label := body.Spec.Template.Metadata.Labels[mesh.RevisionLabel]; label != "" {
		s.label = label
		return
	}
	s.spec = mesh.RolloutSettings{}
	if body.Spec.MinReadySeconds != nil {
		s.spec.MinReadySeconds = *body.Spec.MinReadySeconds
	}
	if body.Spec.ProgressDeadlineSeconds != nil {
		s.spec.ProgressDeadlineSeconds = *body.Spec.ProgressDeadlineSeconds
	}
	switch surge := body.Spec.Strategy.RollingUpdate.MaxSurge.(type) {
	case string:
		s.spec.MaxSurge = surge
	case float64:
		s.spec.MaxSurge = string(rune('0' + int(surge)))
	}
	if !ReadHeld(s.annotations).Holds() {
		s.reconcile() // sooner than a container starts
	}
}

// upgrade upgrades the release: Helm stores it as pending, writes its objects, and stores it
// as deployed. It ends in between where the process crashes.
func (s *heldSim) upgrade(c step.Change) {
	r := s.release
	crashed := func() bool {
		r.crashed = r.mayCrash && s.r.IntN(6) == 0
		return r.crashed
	}
	switch {
	case c.DryRun:
		r.checked = true
		return
	case !r.checked && s.fault == "":
		s.fault = "an upgrade was not checked"
	case !ReadHeld(s.annotations).Holds() && s.fault == "":
		s.fault = "an upgrade of a template whose rollout is not held"
	}
	r.checked, r.unfinished = false, true
	if crashed() {
		return
	}
	if s.label = c.Revision; crashed() {
		return
	}
	r.label, r.unfinished = c.Revision, false
}

// prepare notes what an action leaves to the rollout, and whether a process may crash in an
// upgrade of the release.
func (s *heldSim) prepare(m Action, wl mesh.Workload, crashes bool) {
	left := func(p mesh.Pod) bool {
		return !slices.ContainsFunc(m.Pods, func(o mesh.Pod) bool { return o.Name == p.Name })
	}
	switch m.Kind {
	case Release:
		s.crowded = s.crowded || slices.ContainsFunc(wl.AttachedPods(), func(p mesh.Pod) bool { return !p.Current && left(p) })
	case WriteTemplate:
		s.crowded = s.crowded || slices.ContainsFunc(wl.AttachedPods(), func(p mesh.Pod) bool { return p.Sidecar.Revision == "new" && left(p) })
	}
	if s.release != nil {
		s.release.mayCrash, s.release.checked, s.release.crashed = crashes, false, false
	}
}

// died reports whether the process crashed in an upgrade of the release.
func (s *heldSim) died() bool { return s.release != nil && s.release.crashed }
