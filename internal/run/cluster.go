// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"time"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/install"
)

// Cluster is a cluster with a mesh in it, as runs need it. Connect returns the
// real one.
type Cluster interface {
	engine.Observer
	engine.Writer
	Records
	Lease

	// Lacks names what the caller may not do of what the purpose and an installer
	// need.
	Lacks(ctx context.Context, purpose Purpose, needs []install.Permission) ([]string, error)

	// Draft returns what installing a revision would do, and prepares Act for it.
	// Nothing is changed. Everything in the site but the cluster is set.
	Draft(ctx context.Context, w install.Method, s install.Environment, revision, version string) (install.Draft, error)

	// Removing has Observe read what the removal of a revision by this run needs
	// to know; "" stops that.
	Removing(run string)

	// Swapping has Observe read what selects pods by their labels, for a run that
	// swaps.
	Swapping(swaps bool)

	Close()
}

// Lease says which process works on a run.
type Lease interface {
	// Holder returns who works on a run now, "" for nobody.
	Holder(ctx context.Context) (string, error)

	// Hold waits for the Lease, runs act while it is held, and releases it. told
	// is called with the current holder.
	Hold(ctx context.Context, identity string, d time.Duration, told func(holder string), act func(context.Context) error) error
}

// Records are the MeshUpgrades.
type Records interface {
	List(ctx context.Context) ([]v1alpha1.MeshUpgrade, error)
	Create(ctx context.Context, u v1alpha1.MeshUpgrade) (v1alpha1.MeshUpgrade, error)
	Replace(ctx context.Context, found v1alpha1.MeshUpgrade, spec v1alpha1.MeshUpgradeSpec) (v1alpha1.MeshUpgrade, error)
	Respec(ctx context.Context, found v1alpha1.MeshUpgrade, spec v1alpha1.MeshUpgradeSpec) (v1alpha1.MeshUpgrade, error)
	SetChoices(ctx context.Context, name string, choices v1alpha1.MeshUpgradeSpec) error
	SetRollback(ctx context.Context, name string, rollback bool) error
	Record(name string) engine.Record
}

// Purpose is what a command is about to do with a cluster.
type Purpose string

const (
	ToRead  Purpose = "read"
	ToWrite Purpose = "write"
)
