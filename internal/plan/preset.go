// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

// templated reports whether it is known where a kind keeps its pods'
// template, and its own object is read.
func templated(k mesh.Kind) bool { return k.Templated() || k == mesh.CronJob }

// idle reports whether a workload has no pods now, be it that it wants none or that
// none can be made, and a template that the next ones will be made from. A
// Deployment that lends its template to a Rollout is not idle: the Rollout's pods
// are made from it.
func idle(w mesh.World, wl mesh.Workload) bool {
	lends := func(o mesh.Workload) bool { return o.Lender == wl.Key() }
	return len(wl.Live()) == 0 && !wl.Gone && templated(wl.Kind) && !slices.ContainsFunc(w.In(wl.Namespace), lends)
}

// presets bind the templates of what makes its next pods by itself: of a CronJob,
// and of what has no pods now. Nothing is restarted for it.
func presets(w mesh.World, t Target, g Group) []Step {
	var steps []Step
	for _, name := range g.Namespaces {
		for _, wl := range w.In(name) {
			to, own := t.Pins[wl.Key()]
			p := t.Policy.Passage(wl)
			if !own || pinOf(wl) == to || p.Way != ByItself && (!p.Moves() || len(wl.Live()) > 0) {
				continue
			}
			steps = append(steps, Step{Kind: Preset, Wave: g.Wave, Subject: wl.Key(), From: labelOf(pinOf(wl)), To: labelOf(to), API: wl.API, Pin: to})
		}
	}
	return steps
}

const presetWhy = "its pods' own labels bind it: its template is pinned to the revision itself, without a restart, and its next pods are injected anew"

// labelOf writes a template's label istio.io/rev for people.
func labelOf(pin string) string {
	if pin == unpinned {
		return mesh.Binding{}.String()
	}
	return mesh.Pinned(pin).String()
}

// preset predicts the label of a template alone.
func preset(w *mesh.World, s Step) {
	for i, wl := range w.Workloads {
		if wl.Key() == s.Subject {
			w.Workloads[i].Template.Labels = repinned(wl.Template.Labels, s.Pin)
		}
	}
}

// pinnable reports whether a workload's template bears a label already, or can be
// given it.
func pinnable(wl mesh.Workload, label string) bool {
	why, _ := unpinnable(wl)
	return why == "" || pinOf(wl) == label
}

// unpinnable is why the template of a workload cannot be pinned to a revision, and
// what would clear that.
func unpinnable(wl mesh.Workload) (why, clears string) {
	switch {
	case wl.Selected:
		return "its pods' own label " + mesh.RevisionLabel + " binds it, and its selector names that label, which cannot be changed",
			"make it anew with a selector that does not name the label, or bind its namespace instead"
	case byRevision(wl) != "":
		return fmt.Sprintf("its pods' own label %s binds it, and Service %s selects them by it: with another one they are no endpoints of it, and it has none left", mesh.RevisionLabel, byRevision(wl)),
			"take " + mesh.RevisionLabel + " out of that Service's selector"
	case wl.Rollout.Partition && (wl.Wanted > 0 || len(wl.Live()) > 0):
		return "its pods' own label " + mesh.RevisionLabel + " binds it, and a partition keeps its pods: those below it are made anew from the template before, with the label that they have",
			"take the partition away (spec.updateStrategy.rollingUpdate.partition), or bind its namespace instead"
	case wl.Lender != "":
		return "its pods' own labels bind it, and its template is that of " + wl.Lender + ": writing there would begin its steps",
			"change the label " + mesh.RevisionLabel + " there yourself, or bind its namespace instead"
	case !templated(wl.Kind):
		return "its pods' own labels bind it, and where a " + string(wl.Kind) + " keeps its pods' template is not known",
			"change the label " + mesh.RevisionLabel + " in it yourself, or bind its namespace instead"
	}
	return "", ""
}

// byRevision is a Service that selects a workload's pods by the label that a pin
// changes, "" for none.
func byRevision(wl mesh.Workload) string {
	for _, s := range wl.Services {
		if _, is := s.Selector[mesh.RevisionLabel]; is && s.Selects(wl.Template.Labels) {
			return wl.Namespace + "/" + s.Name
		}
	}
	return ""
}
