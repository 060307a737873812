// SPDX-License-Identifier: Apache-2.0

// Package step is the vocabulary of plans: steps and stages, what somebody asks for
// (Intent, Policy), where the mesh should end up (Target), and what a run records
// (Ledger, Baseline). It decides nothing; package plan does.
package step

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// Subject is the text that names what a step is about. Read it with the method of
// Step for its kind: Workload, Namespace, or as plain text.
type Subject string

// Step is data: printable, comparable, serialisable. What Subject, From and To hold
// follows from the kind:
//
//	kind                      subject              from                        to
//	define                    the CRD
//	install                   a revision           on rollback: a description  its Istio version
//	validate                  a revision
//	label, pin, restore-label a namespace          its binding                 the binding it gets
//	label-template            a workload           its label istio.io/rev      the label it gets
//	tag                       a tag                the revision it names       the revision it will name
//	trial                     a workload           the TrialMode               a revision
//	delete-trial              a workload           NAMESPACE/POD UID
//	evict-stuck-pod           a workload           POD UID                     a revision
//	restart, evict-pods       a workload           revisions, joined with "+"  a revision
//	swap                      a workload           the same, or one of two     a revision
//	                                               texts: Replacements, HeldRollout
//	verify, delete-parked     a workload                                       a revision
//	freeze, unfreeze          a workload           its Gateway's own label     the label it gets
//	label-gateway             a workload           its objects' istio.io/rev   the label they get
//	soak                      namespaces, with ","                             a duration
//	remove                    KIND NAMESPACE/NAME  its UID                     the revision it is part of
//	dry-run                   "pod in NAMESPACE", or "configuration"           a revision
//
// A binding is written by mesh.Binding.String, a workload by mesh.WorkloadRef. From
// is the observed state, so that a start that changed is seen as another step.
type Step struct {
	Kind    Kind    `json:"kind"`
	Wave    int     `json:"wave,omitempty"` // from 1; 0 for steps before or after the waves (see plan.RankOf)
	Subject Subject `json:"subject"`
	From    string  `json:"from,omitempty"`
	To      string  `json:"to,omitempty"`

	// TemplateLabel is the label istio.io/rev that the step writes into the workload's
	// own template, or on its Gateway: a value, or NoLabel to delete it; "" leaves it.
	TemplateLabel string `json:"templateLabel,omitempty"`

	// Field is the path of the field that a restart writes the time into. "" sets the
	// restart annotation on the template or, where API is set, only the template label.
	Field string `json:"field,omitempty"`

	// Input is the digest of what a revision is installed from and, after a "/", that of
	// the manifest rendered from it. It is "" in plans of version 0.1. Of the swap of a
	// gateway that istioctl installed it is what RenderedInput returns.
	Input string `json:"input,omitempty"`

	API string `json:"api,omitempty"` // apiVersion of the subject's kind, unless Kubernetes' own
	By  string `json:"by,omitempty"`  // the tool that manages what the step writes, and has to write it itself
}

// UnmarshalJSON reads a step, also as earlier versions recorded it.
func (s *Step) UnmarshalJSON(data []byte) error {
	type current Step // without this method
	var read struct {
		current
		Pin string `json:"pin"` // TemplateLabel, in version 0.1
	}
	if err := json.Unmarshal(data, &read); err != nil {
		return err
	}
	*s = Step(read.current)
	if s.TemplateLabel == "" {
		s.TemplateLabel = read.Pin
	}
	if s.From == "what was kept of it" { // version 0.1
		s.From = SavedCopies
	}
	if s.From == "stand-ins" { // in 0.1.0
		s.From = Replacements
	}
	return nil
}

// RenderedInput returns the Input of a swap whose template is rendered: the name of the
// IstioOperator that Rerig derives for it, and the digest of what istioctl renders from that.
func RenderedInput(operator, digest string) string { return operator + "/" + digest }

// RenderedDigest returns the digest in an Input that RenderedInput returned.
func RenderedDigest(input string) string {
	_, digest, _ := strings.Cut(input, "/")
	return digest
}

// Workload returns the workload that the step is about. It is malformed for a kind
// that is not about a workload.
func (s Step) Workload() mesh.WorkloadRef { return mesh.WorkloadRef(s.Subject) }

// Namespace returns the namespace that the step is about, or that its workload is in.
func (s Step) Namespace() string {
	if s.Kind.SubjectType() == NamespaceSubject {
		return string(s.Subject)
	}
	return s.Workload().Namespace()
}

// podIn begins the subject of a dry run of a pod. The namespace follows.
const podIn = "pod in "

// PodIn returns the subject of a dry run of a pod in a namespace.
func PodIn(namespace string) Subject { return Subject(podIn + namespace) }

// DryRunNamespace returns the namespace of a dry run of a pod; false for one of
// configuration.
func (s Step) DryRunNamespace() (string, bool) { return strings.CutPrefix(string(s.Subject), podIn) }

// Pod returns the pod that a DeleteTrial or an EvictStuckPod ends. It fails where From
// does not name one.
func (s Step) Pod() (mesh.PodRef, error) {
	from := s.From
	if pod, _, _ := strings.Cut(from, " "); !strings.Contains(pod, "/") {
		from = s.Workload().Namespace() + "/" + from
	}
	return mesh.ParsePodRef(from)
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

// TemplateAfter returns a workload's template once the step has labelled it.
func (s Step) TemplateAfter(t mesh.Template) mesh.Template {
	if s.TemplateLabel != "" {
		t.Labels = WithRevisionLabel(t.Labels, s.TemplateLabel)
	}
	return t
}

// TemplateLabelPending reports whether the step writes a template label that the
// workload does not bear yet.
func (s Step) TemplateLabelPending(wl mesh.Workload) bool {
	return s.TemplateLabel != "" && TemplateLabelOf(wl) != s.TemplateLabel
}

// Stage is a set of steps that do not depend on each other. A stage begins when the
// stage before it has nothing left to do.
type Stage struct {
	Wave  int    `json:"wave,omitempty"`
	Kind  Kind   `json:"kind"`
	Steps []Step `json:"steps"`
}

// Rank orders stages: a run that has begun a stage never returns to a lower rank
// undisturbed.
type Rank int

// Flat returns the steps of all stages in order.
func Flat(stages []Stage) []Step {
	var steps []Step
	for _, stage := range stages {
		steps = append(steps, stage.Steps...)
	}
	return steps
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

// Writes returns the steps that write to the mesh, as they are counted for people.
// The CustomResourceDefinition is not counted: it is applied before a run begins.
func Writes(stages []Stage) []Step {
	return slices.DeleteFunc(Changing(stages), func(s Step) bool { return s.Kind == Define })
}

// CRDName is the name of the MeshUpgrade CustomResourceDefinition.
const CRDName = "meshupgrades.rerig.dev"

// SortedUnique sorts a list in place and returns it without repetitions.
func SortedUnique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// SavedCopies is the From of an Install that restores a removed revision.
const SavedCopies = "saved copies"

// Replacements is the From of a Swap, on rollback, that has only replacements left to
// exchange for original pods.
const Replacements = "replacements"

// HeldRollout is the From of a Swap whose held rollout is left, while no pod of another
// revision serves.
const HeldRollout = "held rollout"

// ToCommit describes what has to be committed for a step because another tool manages
// the object, "" where the run writes it.
func (s Step) ToCommit() string {
	switch {
	case s.By == "" || s.Kind == Remove:
		return ""
	case s.Kind == Swap && s.TemplateLabel == NoLabel:
		return fmt.Sprintf("%s is managed by %s: remove the label %s from its template there", s.Subject, s.By, mesh.RevisionLabel)
	case s.Kind == Swap:
		label := mesh.BindingTo(s.TemplateLabel)
		return fmt.Sprintf("%s is managed by %s: commit the label %s in its template there", s.Subject, s.By, label)
	}
	return fmt.Sprintf("namespace %s is managed by %s: commit its labels %s there (now %s)", s.Subject, s.By, s.To, s.From)
}

// Commits describes what the first stage waits for somebody to commit, one text a step.
func Commits(left []Stage) []string {
	if len(left) == 0 {
		return nil
	}
	var list []string
	for _, s := range left[0].Steps {
		if text := s.ToCommit(); text != "" {
			list = append(list, text)
		}
	}
	return list
}

// Fault is an error that neither a cluster nor its user can cause: a plan that
// contradicts itself.
type Fault struct{ What string }

func (f Fault) Error() string {
	return f.What + ": this is a fault of rerig itself. Nothing was written for this step. " +
		"Report it, with the output of `rerig status -o json`"
}

// NewFault returns the fault of a step that cannot be rendered.
func NewFault(s Step, format string, args ...any) error {
	return Fault{fmt.Sprintf("render %s: ", s) + fmt.Sprintf(format, args...)}
}
