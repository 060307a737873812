// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"fmt"
	"time"

	"k8s.io/client-go/dynamic"
)

// ExternalInstaller installs nothing. It waits until a revision that another tool installs (an
// operator, the mesh's provider, GitOps) exists and is ready.
type ExternalInstaller struct {
	Cluster dynamic.Interface // read-only
	Root    string            // istiod's namespace
	Timeout time.Duration     // 0 means 5m
	Log     func(line string) // receives progress; may be nil

	pollInterval time.Duration // 0 means 1s
}

// Draft returns a draft without objects. The version is the requested one, else the one in the
// revision's name, else "".
func (o ExternalInstaller) Draft(_ context.Context, revision, version string) (Draft, error) {
	if err := ValidateRevisionName(revision); err != nil {
		return Draft{}, err
	}
	return Draft{Revision: revision, Version: ResolveVersion(version, IstioOperator{}, revision, ""), By: "another tool", Namespace: o.Root,
		Permissions: readinessPermissions(o.Root)}, nil
}

// Install waits and changes nothing. A revision that is not ready in time is a *RevisionMissing.
func (o ExternalInstaller) Install(ctx context.Context, revision, _ string) error {
	if o.Log != nil {
		o.Log(fmt.Sprintf("waiting for another tool to install revision %s in namespace %s", revision, o.Root))
	}
	err := readinessWait{
		cluster: o.Cluster, root: o.Root, revision: revision,
		timeout: o.Timeout, log: o.Log, pollInterval: o.pollInterval,
	}.wait(ctx)
	if err == nil {
		return nil
	}
	return &RevisionMissing{Revision: revision, Err: err}
}

// RevisionMissing is the error of a revision that another tool did not install in time.
type RevisionMissing struct {
	Revision string
	Err      error // why the wait ended
}

func (a *RevisionMissing) Error() string {
	return fmt.Sprintf("wait for revision %s, which another tool installs: %v", a.Revision, a.Err)
}

func (a *RevisionMissing) Unwrap() []error { return asRefusal(a.Err) }

// Advice says what to do, for whoever finds the run held.
func (a *RevisionMissing) Advice() string {
	return fmt.Sprintf("Install revision %s with the tool that manages the mesh (operator, provider, GitOps), "+
		"then run the same command again.",
		a.Revision)
}
