// SPDX-License-Identifier: Apache-2.0

package step

// NoteKind groups notes.
type NoteKind string

const (
	MayLoseRequests    NoteKind = "may-lose-requests" // its application does not drain
	GatewayStays       NoteKind = "gateway-stays"     // a gateway keeps the revision that it has
	NotReady           NoteKind = "not-ready"         // a rollout that is not done before the run begins
	NotMoved           NoteKind = "not-moved"         // a workload outside of what is moved
	Blocker            NoteKind = "blocker"           // it cannot be moved as it is, and keeps what it uses from being removed
	Exemption          NoteKind = "exemption"         // it stays as it is, by its nature or by the user's word
	PinnedProxy        NoteKind = "pinned-proxy"      // it moves, and a part of its proxy does not
	NoRoom             NoteKind = "no-room"           // quota or nodes have no room for what its move adds
	RoomUnknown        NoteKind = "room-unknown"      // whether there is room could not be read
	AtMaximum          NoteKind = "at-maximum"        // its autoscaler can add no pods
	NotInjected        NoteKind = "not-injected"      // no sidecar today, though the namespace is bound
	NothingToVerify    NoteKind = "nothing-to-prove"  // a workload without pods
	NotSwapped         NoteKind = "not-swapped"       // the policy says swap, and it does not fit
	SwapGoesOn         NoteKind = "swap-goes-on"      // a rule says otherwise of what a swap has begun on
	RuleMatchesNothing NoteKind = "idle-rule"         // a rule that speaks of no workload
	ByTag              NoteKind = "by-tag"            // a namespace bound by a tag is pinned to the revision
	TagStays           NoteKind = "tag-stays"         // a tag that is not moved
	NoEffect           NoteKind = "no-effect"         // a label that decides nothing
	MovedBefore        NoteKind = "by-hand"           // other hands moved it before the run began
	MovedByRun         NoteKind = "by-run"            // another run moved it
	ForCommit          NoteKind = "for-commit"        // labels that a GitOps tool keeps: they are to be committed
	NotEvaluated       NoteKind = "not-evaluated"     // what decides over injection and is not looked at
)

// Note is something to know before agreeing to a plan, with what shows it.
type Note struct {
	Kind     NoteKind `json:"kind"`
	Subject  string   `json:"subject"`
	Text     string   `json:"text"`
	Evidence string   `json:"evidence,omitempty"`
	Remedy   string   `json:"remedy,omitempty"` // what would clear it, and when
}

const (
	Differs           NoteKind = "differs"     // a setting of the new control plane that the old one has otherwise
	SeenByOneRevision NoteKind = "seen-by-few" // configuration that is bound to a revision by its label
	FilterNotMatched  NoteKind = "filter-off"  // an EnvoyFilter that the new proxies' version does not match
)

const (
	StillReferenced NoteKind = "holds-on"         // what the run does not move, and what keeps the old revision from going
	CRDsStay        NoteKind = "definitions-stay" // a revision comes back beside the definitions of a newer Istio
)

// VersionSkew notes a way between two versions that Istio does not test.
const VersionSkew NoteKind = "far-apart"

const (
	TrialFirst      NoteKind = "tried-first" // one more pod of it stands there for a while
	TrialImpossible NoteKind = "not-tried"   // a trial was asked for, and cannot be
)
