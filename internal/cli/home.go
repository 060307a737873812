// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"time"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/install"
)

// home is a cluster with a mesh in it, as the commands need it. There is a real
// one (ground), and one of paper beside the tests.
type home interface {
	engine.Observer
	engine.Actor
	records

	// Lacks names what the caller may not do of what he is about to, and of what
	// an installer needs.
	Lacks(ctx context.Context, aim aim, needs []install.Need) ([]string, error)

	// Holder says who works on a run now, "" nobody.
	Holder(ctx context.Context) (string, error)

	// Hold waits for the Lease, runs act while it is held, and gives it back. told
	// hears who holds it.
	Hold(ctx context.Context, identity string, d time.Duration, told func(holder string), act func(context.Context) error) error

	// Draft says what installing a revision would do, and readies Act for it;
	// nothing is touched. The site lacks nothing but the cluster.
	Draft(ctx context.Context, w install.Way, s install.Site, revision, version string) (install.Draft, error)

	// Removing has looks tell what the removal of a revision needs to know, for a
	// run that takes one away or took one away; "" for none.
	Removing(run string)

	// Swapping has looks tell what goes by the labels of pods, for a run that swaps.
	Swapping(swaps bool)

	Close()
}

// records are the runs on record.
type records interface {
	List(ctx context.Context) ([]v1alpha1.MeshUpgrade, error)
	Create(ctx context.Context, u v1alpha1.MeshUpgrade) (v1alpha1.MeshUpgrade, error)
	Replace(ctx context.Context, found v1alpha1.MeshUpgrade, spec v1alpha1.MeshUpgradeSpec) (v1alpha1.MeshUpgrade, error)
	Respec(ctx context.Context, found v1alpha1.MeshUpgrade, spec v1alpha1.MeshUpgradeSpec) (v1alpha1.MeshUpgrade, error)
	SetChoices(ctx context.Context, name string, choices v1alpha1.MeshUpgradeSpec) error
	SetRollback(ctx context.Context, name string, rollback bool) error
	Record(name string) engine.Journal
}

// aim is what a command is about to do with a cluster.
type aim string

const (
	looking aim = "looking" // read the mesh
	running aim = "running" // write to it
)

// connector reaches a cluster.
type connector func(a *app) (home, error)
