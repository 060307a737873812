// SPDX-License-Identifier: Apache-2.0

// Package supervise keeps a lab running after the command that asked for it has
// returned, and ends it.
package supervise

import (
	"context"
	"io"

	"github.com/rerig/rerig/lab/internal/state"
)

// Ground is a size of the lab made to run: real.Run and hollow.Run are the two.
//
// It runs in the detached supervisor process. It picks free ports and saves the
// lab with them, writes l.Kubeconfig(), brings up the cluster, calls ready once
// its nodes are Ready, and then stays until ctx ends, when it stops all that it
// started and returns nil. l.Dir is there and empty but for lab.json and log/,
// and is removed at down. An
// error before ready is shown to whoever waits for the lab; lines to say go to the
// supervisor's log, and those before ready also to that person.
//
// What is the same in both sizes, Istio and the shop, is installed through the
// kubeconfig by the command that waits for ready.
type Ground func(ctx context.Context, l state.Lab, say io.Writer, ready func() error) error
