// SPDX-License-Identifier: Apache-2.0

// Package proxy asks istiods and proxies, through port-forwards to their pods: what
// is connected to an istiod, which certificates they hold, what traffic passes.
package proxy

import (
	"sync"
	"time"

	"github.com/rerig/rerig/internal/cluster/podconn"
)

// Ports of istiod and of a proxy.
const (
	monitoringPort = 15014 // istiod's, for /version and /debug
	adminPort      = 15000 // Envoy's

	// discoveryPort is istiod's, where proxies get configuration and certificates:
	// --secureGRPCAddr in pilot/cmd/pilot-discovery/app/cmd.go @1.29.1.
	discoveryPort = 15012
)

// Client asks the istiods and the proxies of one mesh.
type Client struct {
	pods *podconn.Pool
	root string // the namespace of istiod
	now  func() time.Time

	mu     sync.Mutex // guards chains; not held during a request
	chains map[handshake]presented
}

// NewClient returns a client that reaches pods through a pool.
func NewClient(pods *podconn.Pool, root string, now func() time.Time) *Client {
	return &Client{pods: pods, root: root, now: now, chains: map[handshake]presented{}}
}
