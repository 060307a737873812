// SPDX-License-Identifier: Apache-2.0

package step

import "slices"

// Kind names one of the few things that a run can do.
type Kind string

// The kinds of steps. What each one does to the mesh, and what its Subject, From and
// To hold, is documented at Step.
const (
	Define          Kind = "define"          // apply the MeshUpgrade CustomResourceDefinition
	DeleteTrial     Kind = "delete-trial"    // delete a trial pod that is no longer wanted
	Install         Kind = "install"         // install a control-plane revision; on rollback, restore a removed one
	Validate        Kind = "validate"        // validate a control plane before anything is moved to it
	Pin             Kind = "pin"             // on rollback: bind a namespace to the revision it runs before its tag moves
	Tag             Kind = "tag"             // point a revision tag, or the default, at another revision
	FreezeGateway   Kind = "freeze"          // make every istiod leave the Deployment of a Gateway alone
	Trial           Kind = "trial"           // run one pod of the real workload on the target, beside the others
	Label           Kind = "label"           // bind a namespace to a revision
	LabelTemplate   Kind = "label-template"  // set istio.io/rev in a workload's template without a restart
	EvictStuckPod   Kind = "evict-stuck-pod" // on rollback: evict a pod that blocks its StatefulSet
	Restart         Kind = "restart"         // rolling restart of a workload, so that its pods are injected again
	EvictPods       Kind = "evict-pods"      // evict a workload's pods one at a time, so that they are injected again
	Swap            Kind = "swap"            // replace a Deployment's pods one by one, without a rollout
	Verify          Kind = "verify"          // verify a workload's proxies
	Soak            Kind = "soak"            // leave a verified wave to run, then verify it again
	DeleteParked    Kind = "delete-parked"   // delete the pods that a swap parked, and their keeper
	RestoreLabel    Kind = "restore-label"   // give a namespace its own label again once its tag has moved
	UnfreezeGateway Kind = "unfreeze"        // give a Gateway and its Deployment to the wanted revision
	LabelGateway    Kind = "label-gateway"   // label the objects of a gateway that istioctl installed
	Remove          Kind = "remove"          // remove one object of an old control plane
	DryRun          Kind = "dry-run"         // after a removal: check by dry run that pods and configuration are still accepted
)

// SubjectType is how the subjects of a kind's steps are written.
type SubjectType int

// The types of subjects.
const (
	NameSubject       SubjectType = iota // one word: a revision, a tag, the CRD
	NamespaceSubject                     // the name of a namespace
	NamespacesSubject                    // names of namespaces, joined with ", "
	WorkloadSubject                      // "KIND NAMESPACE/NAME"
	ObjectSubject                        // the same, of any object
	DryRunSubject                        // what is tried: configuration, or a pod in a namespace
)

// nature is what follows from a kind alone.
type nature struct {
	kind    Kind
	subject SubjectType
	checks  bool // its steps only check the cluster
	moves   bool // its steps create pods on another revision
}

// natures has a row for each kind, in the order in which an upgrade reaches them.
var natures = []nature{
	{kind: Define},
	{kind: DeleteTrial, subject: WorkloadSubject},
	{kind: Install},
	{kind: Validate, checks: true},
	{kind: Pin, subject: NamespaceSubject},
	{kind: FreezeGateway, subject: WorkloadSubject},
	{kind: Trial, subject: WorkloadSubject, moves: true},
	{kind: Label, subject: NamespaceSubject},
	{kind: LabelTemplate, subject: WorkloadSubject},
	{kind: EvictStuckPod, subject: WorkloadSubject},
	{kind: Restart, subject: WorkloadSubject, moves: true},
	{kind: EvictPods, subject: WorkloadSubject, moves: true},
	{kind: Swap, subject: WorkloadSubject, moves: true},
	{kind: Verify, subject: WorkloadSubject, checks: true},
	{kind: Soak, subject: NamespacesSubject, checks: true},
	{kind: DeleteParked, subject: WorkloadSubject},
	{kind: LabelGateway, subject: WorkloadSubject},
	{kind: Tag},
	{kind: RestoreLabel, subject: NamespaceSubject},
	{kind: UnfreezeGateway, subject: WorkloadSubject},
	{kind: Remove, subject: ObjectSubject},
	{kind: DryRun, subject: DryRunSubject, checks: true},
}

// natureOf returns the row of a kind, the zero nature for an unknown one.
func natureOf(k Kind) nature {
	i := slices.IndexFunc(natures, func(n nature) bool { return n.kind == k })
	if i < 0 {
		return nature{}
	}
	return natures[i]
}

// Kinds returns every kind, in the order in which an upgrade reaches them.
func Kinds() []Kind {
	kinds := make([]Kind, 0, len(natures))
	for _, n := range natures {
		kinds = append(kinds, n.kind)
	}
	return kinds
}

// Changes reports whether steps of this kind change the cluster. The others only
// check it.
func (k Kind) Changes() bool { return !natureOf(k).checks }

// MovesPods reports whether steps of this kind create pods on another revision.
func (k Kind) MovesPods() bool { return natureOf(k).moves }

// SubjectType returns how the subjects of this kind's steps are written.
func (k Kind) SubjectType() SubjectType { return natureOf(k).subject }

// formerKinds are the names that records of version 0.1 use.
var formerKinds = map[string]Kind{
	"admit": Validate, "preset": LabelTemplate, "evict": EvictStuckPod, "replace": EvictPods, "prove": Verify,
	"retire": DeleteParked, "unpin": RestoreLabel, "try": DryRun, "withdraw": DeleteTrial,
}

// UnmarshalText reads a kind, also by the name that earlier versions recorded. It
// accepts unknown kinds: a record of a later version is not misread, since no step
// of such a kind is ever left to do.
func (k *Kind) UnmarshalText(text []byte) error {
	if kind, former := formerKinds[string(text)]; former {
		*k = kind
		return nil
	}
	*k = Kind(text)
	return nil
}
