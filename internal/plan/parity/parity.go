// SPDX-License-Identifier: Apache-2.0

// Package parity finds the hops whose two proxies have different versions while waves move.
package parity

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Gap is a hop whose two proxies have different versions at the end of a wave, and the same
// version before.
type Gap struct {
	mesh.Hop
	FromVersion string `json:"fromVersion"`        // at the end of FirstWave
	ToVersion   string `json:"toVersion"`          // at the end of FirstWave
	FirstWave   int    `json:"firstWave"`          // in the order of the target's waves
	LastWave    int    `json:"lastWave,omitempty"` // the last wave at whose end they differ; 0 if they still differ after all waves
}

// Gaps returns the gaps that the stages cause, by wave, then by hop. A hop with a proxy of
// unknown version is left out.
func Gaps(w mesh.World, t step.Target, stages []step.Stage, hops []mesh.Hop) []Gap {
	c := changes{world: w, target: t, to: map[mesh.WorkloadRef]change{}}
	for _, stage := range stages {
		position := slices.IndexFunc(t.Waves, func(g step.Wave) bool { return g.Number == stage.Wave })
		if !Moves(stage) || position < 0 {
			continue
		}
		for _, s := range stage.Steps {
			c.to[s.Workload()] = change{position: position, revision: s.To}
		}
	}
	var gaps []Gap
	for _, hop := range hops {
		if g, is := c.gap(hop); is {
			gaps = append(gaps, g)
		}
	}
	position := func(g Gap) int {
		return slices.IndexFunc(t.Waves, func(wave step.Wave) bool { return wave.Number == g.FirstWave })
	}
	slices.SortStableFunc(gaps, func(a, b Gap) int {
		return cmp.Or(cmp.Compare(position(a), position(b)), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return gaps
}

// Moves reports whether a stage changes the versions of proxies.
func Moves(stage step.Stage) bool { return stage.Kind.MovesPods() }

// change is when a workload moves, and to which revision.
type change struct {
	position int // in the target's waves
	revision string
}

type changes struct {
	world  mesh.World
	target step.Target
	to     map[mesh.WorkloadRef]change
}

// gap returns the gap of a hop, false if its versions differ before already, or never.
func (c changes) gap(hop mesh.Hop) (Gap, bool) {
	from, to := c.versions(hop.From), c.versions(hop.To)
	before := len(from.before) == 1 && slices.Equal(from.before, to.before)
	if !before || from.after == "" || to.after == "" {
		return Gap{}, false
	}
	g := Gap{Hop: hop}
	for i, wave := range c.target.Waves {
		a, b := from.at(i), to.at(i)
		if a == b {
			continue
		}
		if g.FirstWave == 0 {
			g.FirstWave, g.FromVersion, g.ToVersion = wave.Number, a, b
		}
		g.LastWave = wave.Number
	}
	if from.after != to.after {
		g.LastWave = 0
	}
	return g, g.FirstWave > 0
}

// versions are those of a workload's proxies.
type versions struct {
	before   []string // of its live pods, each once; none if one is unknown
	after    string
	position int // of the wave in which it changes
}

// at returns the version at the end of a wave.
func (v versions) at(position int) string {
	if position < v.position {
		return strings.Join(v.before, ", ")
	}
	return v.after
}

func (c changes) versions(ref mesh.WorkloadRef) versions {
	wl, exists := c.world.Workload(ref)
	if !exists {
		return versions{}
	}
	v := versions{before: c.running(wl)}
	v.after = strings.Join(v.before, ", ")
	if moves, is := c.to[ref]; is {
		v.position, v.after = moves.position, c.next(wl, moves.revision)
	}
	return v
}

// running returns the versions of a workload's proxies, sorted, each once; none if it has no
// proxy, or one of unknown version.
func (c changes) running(wl mesh.Workload) []string {
	var list []string
	for _, p := range wl.Live() {
		if !p.Sidecar.Present {
			continue
		}
		version := p.Sidecar.Version
		if connections := c.world.Connections(wl.Namespace, p.Name); len(connections) > 0 {
			version = cmp.Or(connections[0].Version, version)
		}
		if version == "" {
			return nil
		}
		list = append(list, mesh.PlainVersion(version))
	}
	return step.SortedUnique(list)
}

// next returns the version of a workload's proxies once a revision has injected them, or the
// revision's name where only that is known.
func (c changes) next(wl mesh.Workload, revision string) string {
	if tag := mesh.ImageTag(wl.Template.Annotations[step.ImageAnnotation]); tag != "" {
		return mesh.PlainVersion(tag)
	}
	return cmp.Or(mesh.PlainVersion(c.target.VersionOf(c.world, revision)), "revision "+revision)
}
