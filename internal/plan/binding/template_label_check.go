// SPDX-License-Identifier: Apache-2.0

package binding

import (
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// templated reports whether it is known where a kind keeps its pods'
// template, and its own object is read.
func templated(k mesh.Kind) bool { return k.Templated() || k == mesh.CronJob }

// Idle reports whether a workload has no pods now, be it that it wants none or that
// none can be made, and a template that the next ones will be made from. A
// Deployment that lends its template to a Rollout is not idle: the Rollout's pods
// are made from it.
func Idle(w mesh.World, wl mesh.Workload) bool {
	lends := func(o mesh.Workload) bool { return o.TemplateFrom == wl.Ref() }
	return len(wl.Live()) == 0 && !wl.Deleted && templated(wl.Kind) && !slices.ContainsFunc(w.In(wl.Namespace), lends)
}

const LabelTemplateReason = "its pods' own labels bind it: its template is pinned to the revision itself, without a restart, and its next pods are injected anew"

// DescribeLabel writes a template's label istio.io/rev for people.
func DescribeLabel(pin string) string {
	if pin == step.NoLabel {
		return mesh.Binding{}.String()
	}
	return mesh.Pinned(pin).String()
}

// CanLabelTemplate reports whether a workload's template bears a label already, or can be
// given it.
func CanLabelTemplate(wl mesh.Workload, label string) bool {
	why, _ := TemplateLabelBlocked(wl)
	return why == "" || step.TemplateLabelOf(wl) == label
}

// TemplateLabelBlocked is why the template of a workload cannot be pinned to a revision, and
// what would clear that.
func TemplateLabelBlocked(wl mesh.Workload) (why, clears string) {
	switch {
	case wl.SelectsRevision:
		return "its pods' own label " + mesh.RevisionLabel + " binds it, and its selector names that label, which cannot be changed",
			"make it anew with a selector that does not name the label, or bind its namespace instead"
	case serviceByRevision(wl) != "":
		return fmt.Sprintf("its pods' own label %s binds it, and Service %s selects them by it: with another one they are no endpoints of it, and it has none left", mesh.RevisionLabel, serviceByRevision(wl)),
			"take " + mesh.RevisionLabel + " out of that Service's selector"
	case wl.Rollout.Partition && (wl.Replicas > 0 || len(wl.Live()) > 0):
		return "its pods' own label " + mesh.RevisionLabel + " binds it, and a partition keeps its pods: those below it are made anew from the template before, with the label that they have",
			"take the partition away (spec.updateStrategy.rollingUpdate.partition), or bind its namespace instead"
	case wl.TemplateFrom != "":
		return "its pods' own labels bind it, and its template is that of " + string(wl.TemplateFrom) + ": writing there would begin its steps",
			"change the label " + mesh.RevisionLabel + " there yourself, or bind its namespace instead"
	case !templated(wl.Kind):
		return "its pods' own labels bind it, and where a " + string(wl.Kind) + " keeps its pods' template is not known",
			"change the label " + mesh.RevisionLabel + " in it yourself, or bind its namespace instead"
	}
	return "", ""
}

// serviceByRevision is a Service that selects a workload's pods by the label that a pin
// changes, "" for none.
func serviceByRevision(wl mesh.Workload) string {
	for _, s := range wl.Services {
		if _, is := s.Selector[mesh.RevisionLabel]; is && s.Selects(wl.Template.Labels) {
			return wl.Namespace + "/" + s.Name
		}
	}
	return ""
}
