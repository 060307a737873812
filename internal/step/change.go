// SPDX-License-Identifier: Apache-2.0

package step

import (
	"encoding/json"
	"fmt"
)

// Verb is how a Change is carried out.
type Verb string

const (
	Apply           Verb = "apply" // put the MeshUpgrade definition there
	Patch           Verb = "patch" // a JSON merge patch of exactly the keys in it
	InstallRevision Verb = "put"   // install a control-plane revision
	EvictPod        Verb = "end"   // evict a pod
	PointTag        Verb = "retag" // point a tag, with all its parts, at another revision

	SaveCopy        Verb = "keep"    // write an object down, so that it can be put back
	Delete          Verb = "delete"  // take an object away, by its UID
	RestoreRevision Verb = "restore" // put back what was kept of a revision

	Create     Verb = "create" // make a keeper
	DeleteKept Verb = "drop"   // end a parked pod, or take a keeper away
)

// Ownership says what becomes of the run's ownership of an object that is patched.
type Ownership string

const (
	Unchanged  Ownership = ""     // it is left as it is
	OwnedByRun Ownership = "tie"  // the object ends with the run
	NotOwned   Ownership = "free" // and no longer does
)

// Change is one write, as data.
type Change struct {
	Verb      Verb   `json:"verb"`
	Kind      string `json:"kind"`          // Namespace, Deployment, StatefulSet, DaemonSet, Pod, Service, CustomResourceDefinition, Revision
	API       string `json:"api,omitempty"` // apiVersion of a kind that is not Kubernetes' own
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`

	// Expect is what must be found just before the write, or it is not made: for
	// a Namespace its Binding, as mesh.Binding.String writes it; for a workload of
	// which a trial pod is made the digest of its template; for a Pod, and
	// for what is kept or deleted, its UID, and where a swap has it in hand its
	// place; for a keeper whose it is.
	Expect string `json:"expect,omitempty"`

	// Patch is the body of a merge patch, or the object that is created.
	Patch json.RawMessage `json:"patch,omitempty"`

	// Trial is what a trial pod is to be.
	Trial *TrialPod `json:"trial,omitempty"`

	// Owner is the run that owns what is created, or tied.
	Owner     string    `json:"owner,omitempty"`
	Ownership Ownership `json:"tie,omitempty"`

	// DryRun has the API server be asked alone, of a Patch of a Pod: it changes
	// nothing.
	DryRun bool `json:"dryRun,omitempty"`

	// Version is the Istio version that an installer must have.
	Version string `json:"version,omitempty"`

	// Revision is the one that a tag is pointed at, or that an object is kept of.
	Revision string `json:"revision,omitempty"`
}

// The keys of a restart's stamp on a pod template.
const (
	RunAnnotation       = "rerig.dev/run"
	RestartedAnnotation = "rerig.dev/restarted-at"
)

func Single(c Change, err error) ([]Change, error) { return []Change{c}, err }

func MergePatch(kind, namespace, name, expect string, body map[string]any) (Change, error) {
	patch, err := json.Marshal(body)
	if err != nil {
		return Change{}, fmt.Errorf("write the patch of %s %s: %w", kind, name, err)
	}
	return Change{Verb: Patch, Kind: kind, Namespace: namespace, Name: name, Expect: expect, Patch: patch}, nil
}

// SetField sets one field of a patch.
func SetField(body map[string]any, value any, path ...string) {
	for _, key := range path[:len(path)-1] {
		next, there := body[key].(map[string]any)
		if !there {
			next = map[string]any{}
			body[key] = next
		}
		body = next
	}
	body[path[len(path)-1]] = value
}

// What is written of a trial pod, until it is deleted.
const (
	CreateTrial      Verb = "launch" // make it, kept from the nodes
	ScheduleTrial    Verb = "ungate" // let it to a node
	ServeTrial       Verb = "serve"  // let it be ready, so that Services lead to it
	StopTrialService Verb = "recall" // let it not be ready any more
)

// TrialPod is what a trial pod is to be.
type TrialPod struct {
	Run      string    `json:"run"`      // that it belongs to
	Revision string    `json:"revision"` // whose webhook injects it
	Mode     TrialMode `json:"mode"`
}
