// SPDX-License-Identifier: Apache-2.0

package step

// Note is something to know before approving a plan.
type Note struct {
	Kind     NoteKind `json:"kind"`
	Subject  string   `json:"subject"`
	Text     string   `json:"text"`
	Evidence string   `json:"evidence,omitempty"` // what was observed
	Remedy   string   `json:"remedy,omitempty"`   // what would change that, and when
}

// NoteKind groups notes.
type NoteKind string

// Notes on workloads.
const (
	Blocker            NoteKind = "blocker"              // it cannot be moved as it is, and prevents the removal of what it uses
	Exemption          NoteKind = "exemption"            // it stays, by its nature or by a rule
	MayLoseRequests    NoteKind = "may-lose-requests"    // its application does not drain
	NotReady           NoteKind = "not-ready"            // its rollout is not done before the run begins
	NotMoved           NoteKind = "not-moved"            // it is outside of the selection
	NotInjected        NoteKind = "not-injected"         // it has no sidecar now, though its namespace is bound
	NothingToVerify    NoteKind = "nothing-to-verify"    // it has no pods
	PinnedProxy        NoteKind = "pinned-proxy"         // it moves, and a part of its proxy does not
	AtMaximum          NoteKind = "at-maximum"           // its autoscaler can add no pods
	NoCapacity         NoteKind = "no-capacity"          // quota or nodes lack capacity for what its move adds
	CapacityUnknown    NoteKind = "capacity-unknown"     // nodes or quotas could not be read
	NotSwapped         NoteKind = "not-swapped"          // the strategy is swap, and it does not fit
	SwapContinues      NoteKind = "swap-continues"       // a rule differs from a swap that has begun
	RuleMatchesNothing NoteKind = "rule-matches-nothing" // a rule without effect
	TrialFirst         NoteKind = "trial-first"          // a trial pod of it is created first
	TrialImpossible    NoteKind = "trial-impossible"     // a trial was requested and is not possible
)

// Notes on gateways, labels, tags and control planes.
const (
	GatewayStays      NoteKind = "gateway-stays"        // a gateway stays on its revision
	ByTag             NoteKind = "by-tag"               // a namespace or workload is bound otherwise than by a revision's name
	TagStays          NoteKind = "tag-stays"            // a tag that is not moved
	NoEffect          NoteKind = "no-effect"            // a label without effect
	MovedBefore       NoteKind = "moved-before"         // it was on the revision before the run began
	MovedByRun        NoteKind = "moved-by-run"         // another run moved it
	ForCommit         NoteKind = "for-commit"           // labels that a GitOps tool manages: they are to be committed
	ByHelm            NoteKind = "by-helm"              // the upgrade of a Helm release writes a template's label
	SetByTool         NoteKind = "set-by-tool"          // labels that another tool set and may restore: a run does not wait for it
	NotEvaluated      NoteKind = "not-evaluated"        // it decides over injection, and is not evaluated
	Differs           NoteKind = "differs"              // a setting that differs between the control planes
	LeadsElsewhere    NoteKind = "leads-elsewhere"      // an object to install leads to another revision
	InstallerUnused   NoteKind = "installer-unused"     // the revision exists, so that what it would be installed from is not used
	LostSetting       NoteKind = "lost-setting"         // a setting of the old control plane that the new one does not have
	SeenByOneRevision NoteKind = "read-by-one-revision" // configuration that its label binds to a revision
	TemplateMissing   NoteKind = "template-missing"     // a workload asks for an injection template that the new revision lacks
	FilterNotMatched  NoteKind = "filter-not-matched"   // an EnvoyFilter that does not match the new proxies' version
	StillReferenced   NoteKind = "still-referenced"     // it prevents the removal of the old revision, and the run does not move it
	CRDsStay          NoteKind = "crds-stay"            // a revision is restored beside the CRDs of a newer Istio
	VersionSkew       NoteKind = "version-skew"         // Istio does not test an upgrade between the two versions
	GatewayContested  NoteKind = "gateway-contested"    // two revisions claim it, or will claim what has no label
	GatewayHazard     NoteKind = "gateway-hazard"       // what endangers a gateway's move, or what it changes for Gateways
	OtherMesh         NoteKind = "other-mesh"           // another mesh in the same cluster, which is left out
)
