// SPDX-License-Identifier: Apache-2.0

package plan

import "github.com/rerig/rerig/internal/mesh"

// Course is how one workload is moved, or why it is not.
type Course struct {
	Subject string `json:"subject"` // the workload's key
	Passage
}

// Courses are those of every workload with a sidecar, or with one to come, in the
// namespaces that a target moves.
func Courses(w mesh.World, t Target) []Course {
	var list []Course
	for _, g := range t.Waves {
		for _, name := range g.Namespaces {
			ns, _ := w.Namespace(name)
			for _, wl := range w.In(name) {
				if wl.Injected() || wl.Gateway || len(w.Injectors(ns, wl.Template)) > 0 {
					list = append(list, Course{wl.Key(), t.course(wl)})
				}
			}
		}
	}
	return list
}

// course is how a workload is moved, in the words of the direction.
func (t Target) course(wl mesh.Workload) Passage {
	p := t.Policy.Passage(wl)
	if len(stockOf(wl, t).parked) > 0 && t.Back && p.Way == BySwap {
		p.Why = "a swap has begun on it: the same pods that were parked take their places back"
	}
	return p
}
