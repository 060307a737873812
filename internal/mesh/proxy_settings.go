// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"cmp"
	"time"
)

// DefaultDrain is how long a proxy drains, and drains at least, where nothing sets it:
// TerminationDrainDuration in pkg/config/mesh/mesh.go and MINIMUM_DRAIN_DURATION in
// pilot/cmd/pilot-agent/options/options.go @1.31.0.
const DefaultDrain = 5 * time.Second

// ProxySettings are the settings of a proxy that matter when a gateway is moved, as a
// template or a mesh configuration sets them. The zero value sets none.
type ProxySettings struct {
	Drain         time.Duration // terminationDrainDuration
	ExitOnZero    string        // EXIT_ON_ZERO_ACTIVE_CONNECTIONS: true or false, "" where it is not set
	MinimumDrain  time.Duration // MINIMUM_DRAIN_DURATION, which counts if ExitOnZero is true
	ProxyProtocol bool          // gatewayTopology.proxyProtocol is set
}

// Over returns the settings with what they do not set from others, as Istio merges the
// annotation proxy.istio.io/config into the mesh configuration.
func (s ProxySettings) Over(others ProxySettings) ProxySettings {
	return ProxySettings{
		Drain: cmp.Or(s.Drain, others.Drain), ExitOnZero: cmp.Or(s.ExitOnZero, others.ExitOnZero),
		MinimumDrain: cmp.Or(s.MinimumDrain, others.MinimumDrain), ProxyProtocol: s.ProxyProtocol || others.ProxyProtocol,
	}
}

// ProxyContainer is what a template sets of its own in the proxy's container, if the
// injection fills in the image (image: auto). The zero value is for any other template.
type ProxyContainer struct {
	PullPolicy string // imagePullPolicy; Always where it is not set, since the image has no tag
	PreStop    bool   // it has a preStop hook, which runs before the proxy drains
}
