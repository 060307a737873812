// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"fmt"
	"time"

	"k8s.io/client-go/dynamic"
)

// ByOthers leaves the installation to other hands (an operator, the mesh's
// provider, GitOps) and waits until the revision is there and ready.
type ByOthers struct {
	Cluster dynamic.Interface // only read from
	Root    string            // the namespace of istiod
	Timeout time.Duration     // 0 means 5 minutes
	Say     func(line string) // hears what is waited for; may be nil

	every time.Duration // 0 means a second
}

// Draft says that nothing is installed. The version is what was asked for, or
// what the revision's name spells, or "".
func (o ByOthers) Draft(_ context.Context, revision, version string) (Draft, error) {
	if err := CheckRevision(revision); err != nil {
		return Draft{}, err
	}
	return Draft{Revision: revision, Version: VersionFor(version, Operator{}, revision, ""), By: "other hands", Namespace: o.Root,
		Needs: watching(o.Root)}, nil
}

// Install waits, and changes nothing. A revision that does not come in its time
// is a *Failure.
func (o ByOthers) Install(ctx context.Context, revision, _ string) error {
	if o.Say != nil {
		o.Say(fmt.Sprintf("waiting for other hands to bring revision %s up in namespace %s", revision, o.Root))
	}
	err := waiting{cluster: o.Cluster, root: o.Root, revision: revision, timeout: o.Timeout, say: o.Say, every: o.every}.wait(ctx)
	if err == nil {
		return nil
	}
	return &Absence{Revision: revision, Err: err}
}

// Absence is a revision that other hands did not bring up.
type Absence struct {
	Revision string
	Err      error // how the waiting ended
}

func (a *Absence) Error() string {
	return fmt.Sprintf("await revision %s, which other hands are to bring up: %v", a.Revision, a.Err)
}

func (a *Absence) Unwrap() []error { return refusing(a.Err) }

// Advice is what to do about it, for whoever finds the run held.
func (a *Absence) Advice() string {
	return fmt.Sprintf("Bring revision %s up with what manages the mesh (its operator, its provider, GitOps), and run the same command again: it then waits again, or goes on.", a.Revision)
}
