// SPDX-License-Identifier: Apache-2.0

package step

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
)

// Verb is how a Change is carried out.
type Verb string

// The verbs.
const (
	Apply           Verb = "apply"            // apply the MeshUpgrade CustomResourceDefinition
	Patch           Verb = "patch"            // a JSON merge patch of exactly the keys in it
	InstallRevision Verb = "install"          // install a control-plane revision
	UpgradeRelease  Verb = "upgrade-release"  // upgrade a Helm release with another label istio.io/rev in a Deployment's template
	RestoreRevision Verb = "restore-revision" // restore a removed revision from its saved copies
	PointTag        Verb = "point-tag"        // point a tag, with all its parts, at another revision
	EvictPod        Verb = "evict"            // evict a pod
	SaveCopy        Verb = "save-copy"        // save a copy of an object, so that it can be restored
	Delete          Verb = "delete"           // delete an object, by its UID
	Create          Verb = "create"           // create a keeper
	DeleteParkedPod Verb = "delete-parked"    // delete a parked pod, or a keeper

	CloseConnections Verb = "close-connections" // have a gateway's proxy ask its clients to close their connections
	KeepConnections  Verb = "keep-connections"  // have it keep them again

	Freeze       Verb = "freeze"        // make every istiod leave a Gateway's Deployment alone, and label the Gateway
	Unfreeze     Verb = "unfreeze"      // label the Gateway, and give its Deployment to istiod again
	CreateShadow Verb = "create-shadow" // create a Gateway like another one, so that istiod deploys the wanted template
	CopyTemplate Verb = "copy-template" // give a Gateway's Deployment the template of its shadow
	DeleteShadow Verb = "delete-shadow" // delete the shadow

	SaveTemplate    Verb = "save-template"    // store the template of a Deployment, so that a rollback can restore it
	SetTemplate     Verb = "set-template"     // give a Deployment the template that was rendered for it
	RestoreTemplate Verb = "restore-template" // give it the stored template again
	LabelObjects    Verb = "label-objects"    // label the objects of a gateway that istioctl installed

	CreateTrial      Verb = "create-trial"   // create a trial pod, with a scheduling gate
	ScheduleTrial    Verb = "schedule-trial" // remove the scheduling gate
	ServeTrial       Verb = "serve-trial"    // set the readiness gate: the pod becomes an endpoint of its Services
	StopTrialService Verb = "stop-trial"     // reset the readiness gate
)

// Ownership says whether a patch changes the run's ownership of an object.
type Ownership string

// The ownerships.
const (
	Unchanged  Ownership = ""
	OwnedByRun Ownership = "owned"     // the object is deleted with the run
	NotOwned   Ownership = "not-owned" // the object is no longer deleted with the run
)

// Change is one write, as data.
type Change struct {
	Verb      Verb   `json:"verb"`
	Kind      string `json:"kind"`          // of the object, or Revision or Tag
	API       string `json:"api,omitempty"` // apiVersion of a kind that is not Kubernetes' own
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`

	// Expect is the precondition of the write. It is, of a Namespace, its binding; of
	// the workload of a trial, and where a template is stored or written, its template's
	// digest; of the objects of a gateway their label; of a Pod, and of what is
	// saved or deleted, its UID, with its place in a swap; of a keeper, its workload.
	Expect string `json:"expect,omitempty"`

	// Patch is the body of a merge patch, or the object to create.
	Patch json.RawMessage `json:"patch,omitempty"`

	// Trial describes the trial pod to create.
	Trial *TrialPod `json:"trial,omitempty"`

	// Owner is the run that owns what is created, or becomes OwnedByRun.
	Owner     string    `json:"owner,omitempty"`
	Ownership Ownership `json:"ownership,omitempty"`

	// DryRun asks the API server without changing anything.
	DryRun bool `json:"dryRun,omitempty"`

	// Version is the Istio version that an installer must have.
	Version string `json:"version,omitempty"`

	// Rendered is the digest of the manifest that was approved for an install, or for a
	// gateway's template; "" if none was rendered.
	Rendered string `json:"rendered,omitempty"`

	// Revision is the one that a tag is pointed at, that a saved copy is a component of, or
	// that deploys a shadow; of a Gateway that is labelled, or of a template that a release
	// renders, its label, or NoLabel.
	Revision string `json:"revision,omitempty"`

	// Release is the Helm release to upgrade, NAMESPACE/NAME.
	Release string `json:"release,omitempty"`
}

// TrialPod describes a trial pod.
type TrialPod struct {
	Run      string    `json:"run"`      // the run that owns it
	Revision string    `json:"revision"` // the revision that injects it
	Mode     TrialMode `json:"mode"`
}

// The keys of a restart annotation.
const (
	RunAnnotation       = "rerig.dev/run"
	RestartedAnnotation = "rerig.dev/restarted-at"
)

// Single returns one change as a list, with its error.
func Single(c Change, err error) ([]Change, error) { return []Change{c}, err }

// MergePatch returns a patch of an object, on the precondition expect; "" for none. It
// fails only for a body that cannot be encoded.
func MergePatch(kind, namespace, name, expect string, body map[string]any) (Change, error) {
	patch, err := json.Marshal(body)
	if err != nil {
		return Change{}, fmt.Errorf("render the patch of %s %s: %w", kind, name, err)
	}
	return Change{Verb: Patch, Kind: kind, Namespace: namespace, Name: name, Expect: expect, Patch: patch}, nil
}

// SetField sets the field at a path in the body of a patch.
func SetField(body map[string]any, value any, path ...string) {
	for _, key := range path[:len(path)-1] {
		next, ok := body[key].(map[string]any)
		if !ok {
			next = map[string]any{}
			body[key] = next
		}
		body = next
	}
	body[path[len(path)-1]] = value
}

// ShortName returns a name that fits where the name of something is too long: the prefix, and
// the first ten digits of a digest of that name.
func ShortName(prefix, of string) string {
	return fmt.Sprintf("%s%x", prefix, sha256.Sum256([]byte(of)))[:len(prefix)+10]
}
