// SPDX-License-Identifier: Apache-2.0

// Package engine runs an upgrade or a rollback in a loop: observe, plan, compare with
// what was approved, do what the first stage needs, record and report it. It reaches
// the cluster and the clock through ports.
package engine

import (
	"context"
	"errors"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Observer reads the mesh.
type Observer interface {
	// Observe reads everything that decisions need. An istiod that does not answer is
	// part of the World (mesh.Istiod.NoAnswer). An error means that the cluster itself
	// could not be read.
	Observe(ctx context.Context) (mesh.World, error)

	// Certificate asks one pod's proxy for its certificate. An error means that the
	// proxy did not answer; a certificate that does not chain is an answer.
	Certificate(ctx context.Context, namespace, pod string) (mesh.Certificate, error)

	// Traffic asks one pod's proxy for its traffic to the application. An error means
	// that the proxy did not answer, so that its traffic is unknown.
	Traffic(ctx context.Context, namespace, pod string) (mesh.Traffic, error)

	// Connections asks one gateway's proxy for the connections that its clients have
	// open: Traffic.Idle if there are none. An error means that the proxy did not answer.
	Connections(ctx context.Context, namespace, pod string) (mesh.Traffic, error)

	// Configuration asks one gateway's proxy for its active configuration. An error
	// means that the proxy did not answer.
	Configuration(ctx context.Context, namespace, pod string) (mesh.ProxyConfig, error)

	// Setups reads how the control planes are configured, and which of these
	// namespaces have the mesh's root certificate. Setups.Unknown names what is not
	// permitted and not required. Any other failure is an error, which wraps
	// ErrRefused if it is not permitted.
	Setups(ctx context.Context, namespaces []string) (mesh.ControlPlaneSettings, error)
}

// Writer writes to the mesh.
type Writer interface {
	// Write carries out one change. ErrConflict means that the cluster was not as the change
	// expects, and that nothing was written.
	Write(ctx context.Context, change step.Change) error

	// DryRun asks the API server by dry run to create an object. A rejection is an
	// answer; an error means that the API server could not be asked.
	DryRun(ctx context.Context, attempt mesh.DryRunAttempt) (mesh.DryRunAttempt, error)
}

// Record is the run's only record.
type Record interface {
	// Load reads what the run should do and what it has recorded so far; an empty
	// ledger if that is nothing. A record that was deleted is an error that wraps
	// ErrRefused. One that cannot be decoded is an error too.
	Load(ctx context.Context) (step.Intent, step.Ledger, error)

	// Save writes the ledger and the summary. ErrConflict means that the record was
	// changed since it was loaded, and that nothing was written.
	Save(ctx context.Context, ledger step.Ledger, summary Summary) error
}

// Clock returns the time and lets it pass.
type Clock interface {
	Now() time.Time
	// Sleep waits, or returns the context's error.
	Sleep(ctx context.Context, d time.Duration) error
}

// Reporter receives what happens, for a person or for a log. It must not block.
type Reporter interface {
	Report(Event)
}

// ErrConflict means that something was changed between reading and writing: observe
// again.
var ErrConflict = errors.New("changed by another writer since it was read")

// ErrRefused means that the cluster rejects a request and would reject it again: it
// is not permitted, or not valid.
var ErrRefused = errors.New("refused by the cluster")

// Summary is what people read in a MeshUpgrade without opening the ledger.
type Summary struct {
	Phase   step.Phase
	Message string
	Waves   string // moved and verified / all
	Digest  string
	Hold    *step.Hold
}
