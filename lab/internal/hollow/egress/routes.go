// SPDX-License-Identifier: Apache-2.0

// Package egress routes pod addresses to the local processes that simulate the pods.
//
// The API server connects through its egress selector (network "cluster"): to webhooks, pod and
// service proxies, and the kubelet's port. So every pod keeps its own address and ports, and no
// object is patched.
package egress

import (
	"fmt"
	"maps"
	"net"
	"strconv"
	"sync"
)

// Routes maps addresses of the cluster's network to local addresses. The zero value is empty and
// ready to use.
type Routes struct {
	mu sync.RWMutex
	to map[string]*route // by IP
}

// route maps a port to a local host:port address.
type route map[int]string

// Set routes the ports of one address to local host:port addresses and replaces the previous routes
// of that address. The returned function removes the routes, unless the address has been set again:
// pod addresses are reused.
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

// Resolve returns the local address behind host:port. It fails if no process of this lab has that
// address, so that no connection leaves the machine.
func (r *Routes) Resolve(hostport string) (string, error) {
	host, p, err := net.SplitHostPort(hostport)
	if err != nil {
		return "", fmt.Errorf("parse address %q: %w", hostport, err)
	}
	port, err := strconv.Atoi(p)
	if err != nil {
		return "", fmt.Errorf("parse the port of %q: %w", hostport, err)
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if to := r.to[host]; to != nil && (*to)[port] != "" {
		return (*to)[port], nil
	}
	return "", fmt.Errorf("no process of this lab has the address %s", hostport)
}
