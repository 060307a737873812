// SPDX-License-Identifier: Apache-2.0

// Package engine is the one loop: observe, plan, guard, act one stage, record,
// tell. It owns the ports through which it meets the world.
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
	// Observe reads everything that decisions need. An istiod that does not
	// answer is part of the World (mesh.Istiod.Silence), not an error; an error
	// means that the cluster itself could not be read.
	Observe(ctx context.Context) (mesh.World, error)

	// Certificate asks one pod's proxy for the certificate that it holds. An
	// error means that the proxy did not answer; a certificate that doesn't
	// chain is an answer.
	Certificate(ctx context.Context, namespace, pod string) (mesh.Certificate, error)

	// Traffic asks one pod's proxy what goes through it to the application. An
	// error means that the proxy did not answer: nobody knows then.
	Traffic(ctx context.Context, namespace, pod string) (mesh.Traffic, error)

	// Setups reads how the control planes are set up, and which of these
	// namespaces hold the mesh's root certificate. What may be done without and is
	// not permitted is named in Setups.Unknown; any other failure is an error, which
	// wraps ErrRefused where it is not permitted.
	Setups(ctx context.Context, namespaces []string) (mesh.ControlPlaneSettings, error)
}

// Writer writes to the mesh.
type Writer interface {
	// Act carries out one change. ErrDisturbed means that the cluster was not as
	// the change expects it, and that nothing was written.
	Write(ctx context.Context, change step.Change) error

	// Try has the API server judge an object without storing it. A refusal is an
	// answer; an error means that it could not be asked.
	DryRun(ctx context.Context, attempt mesh.DryRunAttempt) (mesh.DryRunAttempt, error)
}

// Record keeps the run's only record.
type Record interface {
	// Load reads the run: what is wanted and what is written down so far, an empty
	// ledger where that is nothing. A record that somebody deleted is an error that
	// wraps ErrRefused; one that cannot be understood is an error too.
	Load(ctx context.Context) (step.Intent, step.Ledger, error)

	// Save writes the ledger down and the summary beside it. ErrDisturbed means
	// that somebody else wrote the record since it was loaded, and that nothing
	// was written.
	Save(ctx context.Context, ledger step.Ledger, summary Summary) error
}

// Clock tells the time and lets it pass.
type Clock interface {
	Now() time.Time
	// Sleep waits, or returns the context's error.
	Sleep(ctx context.Context, d time.Duration) error
}

// Reporter hears what happens, for a person or for a log. It must not block.
type Reporter interface {
	Report(Event)
}

// ErrConflict says that something was changed by other hands between reading
// and writing: look again.
var ErrConflict = errors.New("changed by other hands since it was read")

// ErrRefused says that the cluster will not do it, however often it is asked:
// not permitted, or not valid.
var ErrRefused = errors.New("refused by the cluster")

// Summary is what people read off a MeshUpgrade without opening the ledger.
type Summary struct {
	Phase   string // one of v1alpha1's phases
	Message string
	Waves   string // moved and proven / all
	Digest  string
	Hold    *step.Hold
}
