// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/install"
	"github.com/rerig/rerig/internal/mesh"
)

// Cluster is a cluster with a mesh in it, as runs need it. Connect returns the
// real one.
type Cluster interface {
	Records
	Values
	Lease

	// Observer returns the port that reads the mesh, for a run of this scope.
	Observer(s cluster.Scope) engine.Observer

	// Writer returns the port that writes to the mesh, for a run of this scope.
	// installer is nil for a run that installs nothing.
	Writer(s cluster.Scope, installer cluster.Installer) engine.Writer

	// Lacks names what the caller may not do of what the purpose, the scope and an
	// installer need.
	Lacks(ctx context.Context, purpose Purpose, s cluster.Scope, needs []install.Permission) ([]string, error)

	// Draft returns what installing a revision would do, and the installer that
	// does it. Nothing is changed.
	Draft(ctx context.Context, e Environment, d DraftRequest) (install.Draft, cluster.Installer, error)

	// DraftGateways renders the templates of gateways that istioctl installed, in their
	// order. Nothing is changed.
	DraftGateways(ctx context.Context, e Environment, d DraftRequest, gateways []mesh.Workload) ([]install.GatewayDraft, error)

	// Rendered returns the settings that a control plane will have, from the manifest
	// of a draft.
	Rendered(ctx context.Context, revision string, manifest []*unstructured.Unstructured) (mesh.ControlPlane, error)

	// Routes reads what leads from gateways to backends, once per plan.
	Routes(ctx context.Context) (mesh.Routes, error)

	// SavedCopies lists the copies of removed control planes that runs have saved.
	SavedCopies(ctx context.Context) ([]cluster.SavedCopies, error)

	// DeleteSavedCopies deletes one Secret with copies.
	DeleteSavedCopies(ctx context.Context, c cluster.SavedCopies) error

	Close()
}

// Lease says which process works on a run.
type Lease interface {
	// LeaseHolder returns who works on a run now, "" for nobody.
	LeaseHolder(ctx context.Context) (string, error)

	// Hold waits for the Lease, runs act while it is held, and releases it. It calls
	// onLeaseHolder with who holds the Lease.
	Hold(ctx context.Context, identity string, d time.Duration, onLeaseHolder func(string), act func(context.Context) error) error
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

// DraftRequest is a revision to draft the install of.
type DraftRequest struct {
	Method         install.Method
	Revision       string
	Version        string        // "" for the one that the method has
	RevisionsInUse []string      // by the namespaces of the run
	Timeout        time.Duration // for the control plane to be ready
}
