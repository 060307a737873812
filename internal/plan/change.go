// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

// Verb is how a Change is carried out.
type Verb string

const (
	Apply Verb = "apply" // put the MeshUpgrade definition there
	Patch Verb = "patch" // a JSON merge patch of exactly the keys in it
	Put   Verb = "put"   // install a control-plane revision
	End   Verb = "end"   // evict a pod
	Retag Verb = "retag" // point a tag, with all its parts, at another revision

	Keep    Verb = "keep"    // write an object down, so that it can be put back
	Delete  Verb = "delete"  // take an object away, by its UID
	Restore Verb = "restore" // put back what was kept of a revision

	Create Verb = "create" // make a keeper
	Drop   Verb = "drop"   // end a parked pod, or take a keeper away
)

// Tie says what becomes of the run's ownership of an object that is patched.
type Tie string

const (
	Untied Tie = ""     // it is left as it is
	Tied   Tie = "tie"  // the object ends with the run
	Loose  Tie = "free" // and no longer does
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
	Owner string `json:"owner,omitempty"`
	Tie   Tie    `json:"tie,omitempty"`

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
	runAnnotation       = "rerig.dev/run"
	restartedAnnotation = "rerig.dev/restarted-at"
)

// Render writes a changing step out as the writes that carry it out, in order. at
// is the time that a restart's stamp bears. It looks at nothing but its arguments,
// and fails only for a step that has no writes of its own: one of a kind that
// judges (see Kind.Changes), a swap or a retirement (RenderMove has theirs), a
// Replace that pins no template, a Remove that is left to others; or one whose
// Subject, From or To is not what its kind says. Neither gets better by waiting.
func Render(s Step, t Target, at time.Time) ([]Change, error) {
	switch s.Kind {
	case Define:
		return []Change{{Verb: Apply, Kind: "CustomResourceDefinition", Name: s.Subject}}, nil
	case Remove:
		return taken(s)
	case Install:
		if t.Back {
			return []Change{{Verb: Restore, Kind: "Revision", Name: s.Subject}}, nil
		}
		return []Change{{Verb: Put, Kind: "Revision", Name: s.Subject, Version: t.Version}}, nil
	case Label, Pin, Unpin:
		return one(relabel(s))
	case Replace, Preset:
		return one(repin(s))
	case Tag:
		return []Change{retag(s)}, nil
	case Evict:
		return one(evict(s))
	case Trial:
		return one(launch(s, t.Run))
	case Withdraw:
		return one(withdraw(s))
	case Restart:
		if s.Field != "" || s.API != "" {
			return one(restartByField(s, t.Run, at))
		}
		return one(restart(s, t.Run, at))
	}
	return nil, fault(s, "a step of this kind has no writes of its own")
}

func one(c Change, err error) ([]Change, error) { return []Change{c}, err }

func relabel(s Step) (Change, error) {
	from, err := mesh.ParseBinding(s.From)
	if err != nil {
		return Change{}, err
	}
	to, err := mesh.ParseBinding(s.To)
	if err != nil {
		return Change{}, err
	}
	labels := map[string]any{}
	difference(labels, mesh.InjectionLabel, from.Injection, to.Injection)
	difference(labels, mesh.RevisionLabel, from.Revision, to.Revision)
	return merge("Namespace", "", s.Subject, s.From, map[string]any{"metadata": map[string]any{"labels": labels}})
}

// difference notes a key only where it changes; nil takes the label away.
func difference(labels map[string]any, key string, from, to mesh.Label) {
	switch {
	case from == to:
	case to.Set:
		labels[key] = to.Value
	default:
		labels[key] = nil
	}
}

func restart(s Step, run string, at time.Time) (Change, error) {
	kind, name, ok := strings.Cut(s.Subject, " ")
	namespace, name, ok2 := strings.Cut(name, "/")
	if !ok || !ok2 {
		return Change{}, fault(s, "%q is no workload", s.Subject)
	}
	metadata := map[string]any{"annotations": map[string]any{runAnnotation: run, restartedAnnotation: at.UTC().Format(time.RFC3339)}}
	if s.Pin != "" {
		metadata["labels"] = map[string]any{mesh.RevisionLabel: pin(s.Pin)}
	}
	return merge(kind, namespace, name, "", map[string]any{"spec": map[string]any{"template": map[string]any{"metadata": metadata}}})
}

func merge(kind, namespace, name, expect string, body map[string]any) (Change, error) {
	patch, err := json.Marshal(body)
	if err != nil {
		return Change{}, fmt.Errorf("write the patch of %s %s: %w", kind, name, err)
	}
	return Change{Verb: Patch, Kind: kind, Namespace: namespace, Name: name, Expect: expect, Patch: patch}, nil
}
