// SPDX-License-Identifier: Apache-2.0

// Package plan decides, and only decides: from a World, a Target and a Ledger
// it computes what is left to do. One planner serves preview, execution, resume
// and rollback.
package step

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// Kind names one of the few things that a run can do.
type Kind string

const (
	Define        Kind = "define"  // put the MeshUpgrade definition into the cluster
	Install       Kind = "install" // bring up a control-plane revision
	Validate      Kind = "admit"   // judge a control plane before anything is moved to it
	Pin           Kind = "pin"     // on the way back: bind a namespace to what it runs, before its tag is moved under it
	Tag           Kind = "tag"     // point a revision tag, or the default, at another revision
	Trial         Kind = "trial"   // one pod of the real workload on the target, beside the old ones
	Label         Kind = "label"   // bind a namespace to a revision
	LabelTemplate Kind = "preset"  // bind the template of a workload for its next pods, without a restart
	EvictStuckPod Kind = "evict"   // on the way back: end a pod that keeps its StatefulSet from going on
	Restart       Kind = "restart" // let a workload's pods be injected anew
	EvictPods     Kind = "replace" // let them be injected anew by evicting one after the other
	Swap          Kind = "swap"    // move a workload pod by pod, without a rollout
	Verify        Kind = "prove"   // judge a workload on the wire
	Soak          Kind = "soak"    // leave a wave to run, then prove it again
	DeleteParked  Kind = "retire"  // end the pods that a swap has parked, and their keeper
	RestoreLabel  Kind = "unpin"   // give a namespace its own label back once its tag was moved
	Remove        Kind = "remove"  // take a control-plane revision away
	DryRun        Kind = "try"     // after a removal: see by dry run that the mesh still admits the pods and the configuration that it admitted before
)

// Changes reports whether steps of this kind change the cluster; the others
// only judge.
func (k Kind) Changes() bool {
	return k != Validate && k != Verify && k != Soak && k != DryRun
}

// Step is data: printable, comparable, serialisable. What Subject, From and To are
// follows from the kind:
//
//	kind               subject              from                     to
//	define             the definition
//	install            a revision           on the way back words    its Istio version
//	admit              a revision
//	label, pin, unpin  a namespace          its binding              the one that it gets
//	preset             a workload           its label istio.io/rev   the one that it gets
//	tag                a tag                the revision it names    the one it is to name
//	trial              a workload           the TrialMode            a revision
//	withdraw           a workload           NAMESPACE/POD UID
//	evict              a workload           POD UID                  a revision
//	restart, replace   a workload           revisions, with "+"      a revision
//	swap               a workload           the same, or stand-ins   a revision
//	prove, retire      a workload                                    a revision
//	soak               namespaces, with ","                          a duration
//	remove             KIND NAMESPACE/NAME  its UID                  the revision it is of
//	try                pod in NAMESPACE, or configuration            a revision
//
// A binding is as mesh.Binding.String writes it, a workload is its key. From is
// what was observed, so that a changed start shows.
type Step struct {
	Kind          Kind   `json:"kind"`
	Wave          int    `json:"wave,omitempty"` // from 1; 0 is of no wave: before them, or after them (see Target.Rank)
	Subject       string `json:"subject"`
	From          string `json:"from,omitempty"`
	To            string `json:"to,omitempty"`
	TemplateLabel string `json:"pin,omitempty"`   // the template's own label istio.io/rev that a restart writes: a value, or "-" to take it away; "" leaves it
	Field         string `json:"field,omitempty"` // the path of the field that a restart writes the time into; "" stamps the template, or where API is set pins it alone
	API           string `json:"api,omitempty"`   // apiVersion of the subject's kind where it is not Kubernetes' own
	By            string `json:"by,omitempty"`    // who else owns what the step writes, and has to write it: a GitOps tool
}

// String is one line for people.
func (s Step) String() string {
	switch {
	case s.Kind == Remove && s.By != "":
		return fmt.Sprintf("%s %s: by %s", s.Kind, s.Subject, s.By)
	case s.Kind == Remove:
		return fmt.Sprintf("%s %s of revision %s", s.Kind, s.Subject, s.To)
	case s.From != "":
		return fmt.Sprintf("%s %s: %s -> %s", s.Kind, s.Subject, s.From, s.To)
	case s.To != "":
		return fmt.Sprintf("%s %s: %s", s.Kind, s.Subject, s.To)
	}
	return fmt.Sprintf("%s %s", s.Kind, s.Subject)
}

// Stage is a set of steps that don't depend on each other. Stages do: each one
// begins when the one before has nothing left.
type Stage struct {
	Wave  int    `json:"wave,omitempty"`
	Kind  Kind   `json:"kind"`
	Steps []Step `json:"steps"`
}

// Flat returns the steps of all stages in order.
func Flat(stages []Stage) []Step {
	var steps []Step
	for _, stage := range stages {
		steps = append(steps, stage.Steps...)
	}
	return steps
}

// Writes returns the steps that write to the mesh, as they are counted for people.
// The definition in which runs are recorded is none: it is put before a run begins.
func Writes(stages []Stage) []Step {
	return slices.DeleteFunc(Changing(stages), func(s Step) bool { return s.Kind == Define })
}

// Changing returns the steps that change the cluster: those that are approved.
func Changing(stages []Stage) []Step {
	var steps []Step
	for _, s := range Flat(stages) {
		if s.Kind.Changes() {
			steps = append(steps, s)
		}
	}
	return steps
}

// TemplateAfter is what a workload's template is once the step has pinned it.
func (s Step) TemplateAfter(t mesh.Template) mesh.Template {
	if s.TemplateLabel != "" {
		t.Labels = WithRevisionLabel(t.Labels, s.TemplateLabel)
	}
	return t
}

// TemplateLabelPending reports whether a workload's template has yet to be given the label
// that the step pins it with.
func (s Step) TemplateLabelPending(wl mesh.Workload) bool {
	return s.TemplateLabel != "" && TemplateLabelOf(wl) != s.TemplateLabel
}

// NamespaceOf is the namespace in a workload's key.
func NamespaceOf(key string) string {
	_, name, _ := strings.Cut(key, " ")
	namespace, _, _ := strings.Cut(name, "/")
	return namespace
}

// CRDName is the name of the MeshUpgrade definition.
const CRDName = "meshupgrades.rerig.dev"

func SortedUnique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// DeleteTrial ends a trial pod that is not wanted any more.
const DeleteTrial Kind = "withdraw"

// Rank orders stages: a run that has begun a stage never returns to a lower rank
// undisturbed.
type Rank int
