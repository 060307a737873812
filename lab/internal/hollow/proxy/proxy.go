// SPDX-License-Identifier: Apache-2.0

// Package proxy simulates the proxy of an injected pod, without Envoy and without traffic. It
// requests its certificate, speaks delta ADS with the control plane, and answers like Envoy's
// administration port.
package proxy

import (
	"io"
	"sync"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/types/known/structpb"
)

// Proxy is the proxy of one pod. It is safe for concurrent use.
type Proxy struct {
	Identity Identity
	// SPIFFE is the identity of its certificate.
	SPIFFE    string
	Network   Network
	StartTime time.Time
	// Log receives connection errors.
	Log io.Writer

	mu            sync.Mutex
	certificate   *Certificate
	faults        Faults
	faultsChanged chan struct{}     // closed when the faults change
	configured    bool              // clusters and listeners were received
	received      map[Type][]string // names of the clusters, listeners and routes
}

// SetFaults changes the proxy's faults at once. A connected proxy reconnects and receives
// everything again.
func (p *Proxy) SetFaults(f Faults) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.faults.Equal(f) {
		return
	}
	p.faults = f
	if p.faultsChanged != nil {
		close(p.faultsChanged)
		p.faultsChanged = nil
	}
}

// Certificate returns the proxy's certificate, or nil before the first one.
func (p *Proxy) Certificate() *Certificate {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.certificate
}

func (p *Proxy) currentFaults() (Faults, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.faultsChanged == nil {
		p.faultsChanged = make(chan struct{})
	}
	return p.faults, p.faultsChanged
}

func (p *Proxy) updateConfigured(s *Session) {
	if s.Configured() {
		p.mu.Lock()
		p.configured, p.received = true, map[Type][]string{}
		for _, t := range []Type{Clusters, Listeners, Routes} {
			p.received[t] = s.Names(t)
		}
		p.mu.Unlock()
	}
}

// receivedNames returns the names of the resources of a type, sorted.
func (p *Proxy) receivedNames(t Type) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.received[t]
}

func (p *Proxy) isLive() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.configured
}

func (p *Proxy) node() (*corev3.Node, error) {
	m, err := structpb.NewStruct(p.Identity.Metadata)
	if err != nil {
		return nil, err
	}
	return &corev3.Node{Id: p.Identity.ID, Cluster: p.Identity.Cluster, Metadata: m, UserAgentName: "envoy"}, nil
}
