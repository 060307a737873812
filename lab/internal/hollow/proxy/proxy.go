// SPDX-License-Identifier: Apache-2.0

// Package proxy is a hollow proxy: an injected pod's side of the conversation
// with its control plane, without an Envoy and without traffic. It gets its
// certificate by a real signing request, speaks real delta ADS, and answers like
// an Envoy's administration port.
package proxy

import (
	"io"
	"sync"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/types/known/structpb"
)

// Proxy is the proxy of one pod. Its methods may be called from several goroutines.
type Proxy struct {
	Identity Identity
	// SPIFFE is the identity that its certificate is for.
	SPIFFE    string
	Network   Network
	StartTime time.Time
	// Log is told when the proxy connects and why it doesn't.
	Log io.Writer

	mu            sync.Mutex
	certificate   *Certificate
	faults        Faults
	faultsChanged chan struct{} // closed when the orders change
	configured    bool          // listeners have been answered once
	inbound       []string      // names of the clusters that lead to the application
}

// SetFaults changes what the proxy does wrong. It takes effect at once: a connected
// proxy connects anew, and hears everything again.
func (p *Proxy) SetFaults(o Faults) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.faults.Equal(o) {
		return
	}
	p.faults = o
	if p.faultsChanged != nil {
		close(p.faultsChanged)
		p.faultsChanged = nil
	}
}

// Certificate is the one that the proxy holds, nil before it got one.
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
		p.configured, p.inbound = true, s.InboundClusters()
		p.mu.Unlock()
	}
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
