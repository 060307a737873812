// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"fmt"
	"time"

	"k8s.io/client-go/dynamic"
)

// ExternalInstaller leaves the installation to other hands (an operator, the mesh's
// provider, GitOps) and waits until the revision is there and ready.
type ExternalInstaller struct {
	Cluster dynamic.Interface // only read from
	Root    string            // the namespace of istiod
	Timeout time.Duration     // 0 means 5 minutes
	Log     func(line string) // hears what is waited for; may be nil

	pollInterval time.Duration // 0 means a second
}

// Draft says that nothing is installed. The version is what was asked for, or
// what the revision's name spells, or "".
func (o ExternalInstaller) Draft(_ context.Context, revision, version string) (Draft, error) {
	if err := ValidateRevisionName(revision); err != nil {
		return Draft{}, err
	}
	return Draft{Revision: revision, Version: ResolveVersion(version, IstioOperator{}, revision, ""), By: "other hands", Namespace: o.Root,
		Permissions: readinessPermissions(o.Root)}, nil
}

// Install waits, and changes nothing. A revision that does not come in its time
// is a *Failure.
func (o ExternalInstaller) Install(ctx context.Context, revision, _ string) error {
	if o.Log != nil {
		o.Log(fmt.Sprintf("waiting for other hands to bring revision %s up in namespace %s", revision, o.Root))
	}
	err := readinessWait{cluster: o.Cluster, root: o.Root, revision: revision, timeout: o.Timeout, log: o.Log, pollInterval: o.pollInterval}.wait(ctx)
	if err == nil {
		return nil
	}
	return &RevisionMissing{Revision: revision, Err: err}
}

// RevisionMissing is a revision that other hands did not bring up.
type RevisionMissing struct {
	Revision string
	Err      error // how the waiting ended
}

func (a *RevisionMissing) Error() string {
	return fmt.Sprintf("await revision %s, which other hands are to bring up: %v", a.Revision, a.Err)
}

func (a *RevisionMissing) Unwrap() []error { return asRefusal(a.Err) }

// Advice is what to do about it, for whoever finds the run held.
func (a *RevisionMissing) Advice() string {
	return fmt.Sprintf("Bring revision %s up with what manages the mesh (its operator, its provider, GitOps), and run the same command again: it then waits again, or goes on.", a.Revision)
}
