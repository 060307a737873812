// SPDX-License-Identifier: Apache-2.0

// Package egress leads what the API server and the hollow proxies want of a
// pod's address to the local process that plays that pod.
//
// The API server asks through its egress selector (network "cluster"): webhooks,
// pod and service proxies, and the kubelet's port all go that way, so every pod
// keeps its own address and its normal ports and no object is patched.
package egress

import (
	"fmt"
	"maps"
	"net"
	"strconv"
	"sync"
)

// Routes maps addresses of the cluster's network to local ones. The zero value is empty and ready.
type Routes struct {
	mu sync.RWMutex
	to map[string]*route // by IP
}

// route is where the ports of an address lead: to local host:port addresses.
type route map[int]string

// Set leads the ports of one address to local host:port addresses, in place of
// whatever that address led to before. What it returns forgets the address,
// unless it leads elsewhere by then: a pod's address is soon another pod's.
func (r *Routes) Set(ip string, ports map[int]string) (remove func()) {
	own := route(maps.Clone(ports))
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.to == nil {
		r.to = map[string]*route{}
	}
	r.to[ip] = &own
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.to[ip] == &own {
			delete(r.to, ip)
		}
	}
}

// Resolve is the local address behind host:port. An address that no process of
// this lab plays is an error: nothing leaves the machine this way.
func (r *Routes) Resolve(hostport string) (string, error) {
	host, p, err := net.SplitHostPort(hostport)
	if err != nil {
		return "", fmt.Errorf("read address %q: %w", hostport, err)
	}
	port, err := strconv.Atoi(p)
	if err != nil {
		return "", fmt.Errorf("read the port of %q: %w", hostport, err)
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if to := r.to[host]; to != nil && (*to)[port] != "" {
		return (*to)[port], nil
	}
	return "", fmt.Errorf("no process of this lab is behind %s", hostport)
}
