// SPDX-License-Identifier: Apache-2.0

package binding

import (
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// templated reports whether objects of a kind are read and their pod template's path is
// known.
func templated(k mesh.Kind) bool { return k.Templated() || k == mesh.CronJob }

// Idle reports whether a workload has a template and no pods: it wants none, or none can
// be created. A Deployment whose template an Argo Rollout uses is not idle.
func Idle(w mesh.World, wl mesh.Workload) bool {
	lends := func(o mesh.Workload) bool { return o.TemplateFrom == wl.Ref() }
	return len(wl.Live()) == 0 && !wl.Deleted && templated(wl.Kind) && !slices.ContainsFunc(w.WorkloadsIn(wl.Namespace), lends)
}

// LabelTemplateReason is the reason of a decision to label a template without a restart.
const LabelTemplateReason = "its pods' own labels bind it: its template is labelled with the revision's name, without a restart, " +
	"and its next pods are injected by it"

// DescribeLabel writes a template's label istio.io/rev for people.
func DescribeLabel(label string) string {
	if label == step.NoLabel {
		return mesh.Binding{}.String()
	}
	return mesh.BindingTo(label).String()
}

// CanLabelTemplate reports whether a workload's template has a label already, or can be
// given it.
func CanLabelTemplate(wl mesh.Workload, label string) bool {
	reason, _ := TemplateLabelBlocked(wl)
	return reason == "" || step.TemplateLabelOf(wl) == label
}

// TemplateLabelBlocked returns why a workload's template cannot be labelled, and what would
// change that; "" when it can be.
func TemplateLabelBlocked(wl mesh.Workload) (reason, remedy string) {
	const ownLabel = "its pods' own label " + mesh.RevisionLabel + " binds it, and "
	switch {
	case wl.SelectsRevision:
		return ownLabel + "its selector, which is immutable, names that label",
			"re-create it with a selector that does not name the label, or bind its namespace instead"
	case serviceByRevision(wl) != "":
		return ownLabel + fmt.Sprintf("Service %s selects by that label: with another value its pods are no endpoints of it",
				serviceByRevision(wl)),
			"remove " + mesh.RevisionLabel + " from that Service's selector"
	case wl.Rollout.Partition && (wl.Replicas > 0 || len(wl.Live()) > 0):
		return ownLabel + "a partition keeps pods: those below it are re-created from the previous template, with the present label",
			"remove the partition (spec.updateStrategy.rollingUpdate.partition), or bind its namespace instead"
	case wl.TemplateFrom != "":
		return ownLabel + "its template is that of " + string(wl.TemplateFrom) + ": a write there would begin its steps",
			"change the label " + mesh.RevisionLabel + " there yourself, or bind its namespace instead"
	case !templated(wl.Kind):
		return ownLabel + "the path of the pod template in a " + string(wl.Kind) + " is not known",
			"change the label " + mesh.RevisionLabel + " in it yourself, or bind its namespace instead"
	}
	return "", ""
}

// serviceByRevision returns a Service that selects a workload's pods by istio.io/rev, "" for
// none.
func serviceByRevision(wl mesh.Workload) string {
	for _, s := range wl.Services {
		if _, is := s.Selector[mesh.RevisionLabel]; is && s.Selects(wl.Template.Labels) {
			return wl.Namespace + "/" + s.Name
		}
	}
	return ""
}
