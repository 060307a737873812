// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/net/websocket"

	"github.com/rerig/rerig/lab/shop/internal/hop"
	"github.com/rerig/rerig/lab/shop/internal/ledger"
)

// Gateway is a gateway under load, from outside of the mesh.
type Gateway struct {
	Name    string // begins the names of its kinds of requests
	Address string // its Service
	Pods    *LaggingEndpoints
	TCP     bool // it routes TCP too
}

// GatewayHost is the hostname by which the gateway routes.
const GatewayHost = "door.example"

// Ports of the gateway's Service.
const (
	servicePort = "80"
	tcpPort     = "9000"
)

// idleTimeout is how long a client leaves an unused connection open. Clients and load balancers
// have timeouts of about a minute.
const idleTimeout = 20 * time.Second

// Kinds returns every kind of request that reaches a gateway.
func (g Gateway) Kinds() []Kind {
	alive := &http.Transport{MaxIdleConnsPerHost: 50, IdleConnTimeout: idleTimeout}
	http2 := &http.Transport{Protocols: new(http.Protocols), IdleConnTimeout: idleTimeout}
	fresh := &http.Transport{DisableKeepAlives: true}
	http2.Protocols.SetUnencryptedHTTP2(true)
	address := func() (string, error) { return net.JoinHostPort(g.Address, servicePort), nil }
	kinds := []Kind{
		{Name: g.Name + "alive", Path: "load -> gateway -> door, connections kept alive", Weight: 30, Ask: post(alive, address, "/")},
		{Name: g.Name + "http2", Path: "load -> gateway -> door, HTTP/2", Weight: 20, Ask: post(http2, address, "/")},
		{Name: g.Name + "fresh", Path: "load -> gateway -> door, one connection per request", Weight: 20, Ask: post(fresh, address, "/")},
		{Name: g.Name + "late", Path: "load -> gateway -> door, 8 s a request", Weight: 2, Ask: post(fresh, address, "/late")},
		{Name: g.Name + "lagging", Path: "load -> gateway's pods as they were 10 s ago -> door", Weight: 20, Ask: post(fresh, g.Pods.pick, "/")},
	}
	if g.TCP {
		kinds = append(kinds, Kind{Name: g.Name + "tcp", Path: "load -> gateway -> ledger (TCP)", Weight: 8, Ask: g.add})
	}
	return kinds
}

// post sends a POST, which Go's client does not repeat.
func post(transport *http.Transport, address func() (string, error), path string) func(context.Context) (hop.Answer, error) {
	return func(ctx context.Context) (hop.Answer, error) {
		to, err := address()
		if err != nil {
			return hop.Answer{}, hop.NewFailure("load", "gateway", err)
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+to+path, nil)
		if err != nil {
			return hop.Answer{}, fmt.Errorf("create a request: %w", err)
		}
		req.Host = GatewayHost
		resp, err := transport.RoundTrip(req)
		if err != nil {
			return hop.Answer{}, hop.NewFailure("load", "gateway", err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		switch {
		case err != nil:
			return hop.Answer{}, hop.NewFailure("load", "gateway", err)
		case resp.StatusCode != http.StatusOK:
			return hop.Answer{}, hop.NewFailure("gateway", "door", fmt.Errorf("%s: %.100s", resp.Status, body))
		}
		var a hop.Answer
		if err := json.Unmarshal(body, &a); err != nil {
			return a, hop.NewWrongAnswer("gateway", "door", "answered 200 with an unknown body: %.80q", body)
		}
		return a, nil
	}
}

func (g Gateway) add(ctx context.Context) (hop.Answer, error) {
	pod, _, err := ledger.AddOnce(ctx, net.JoinHostPort(g.Address, tcpPort), 3, 4)
	if err != nil {
		return hop.Answer{}, hop.NewFailure("load", "gateway", err)
	}
	return hop.Answer{Service: "ledger", Pod: pod}, nil
}

// heldOfEach is how many connections of each protocol are held: several for each pod.
const heldOfEach = 4

// HeldConnections returns WebSockets and TCP connections through the gateway, or WebSockets alone.
func (g Gateway) HeldConnections() []HeldConnection {
	var list []HeldConnection
	for range heldOfEach {
		socket := HeldConnection{Kind: g.Name + "held-websocket", Place: "door", Open: g.holdSocket}
		if !g.TCP {
			list = append(list, socket, socket)
			continue
		}
		list = append(list, socket,
			HeldConnection{Kind: g.Name + "held-tcp", Place: "ledger", Open: Target{TCP: net.JoinHostPort(g.Address, tcpPort)}.holdTCP})
	}
	return list
}

func (g Gateway) holdSocket(ctx context.Context) (func(context.Context) error, func(), error) {
	config, err := websocket.NewConfig("ws://"+GatewayHost+"/socket", "http://"+GatewayHost)
	if err != nil {
		return nil, nil, err
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(g.Address, servicePort))
	if err != nil {
		return nil, nil, err
	}
	end := func() { _ = conn.Close() }
	if err := conn.SetDeadline(time.Now().Add(RequestTimeout)); err != nil {
		return nil, end, err
	}
	socket, err := websocket.NewClient(config, conn)
	if err != nil {
		return nil, end, err
	}
	line := func(ctx context.Context) error {
		wait(ctx, time.Second)
		until, _ := ctx.Deadline()
		if err := conn.SetDeadline(until); err != nil {
			return err
		}
		var echo string
		if err := errors.Join(websocket.Message.Send(socket, "ping"), websocket.Message.Receive(socket, &echo)); err != nil {
			return err
		}
		if echo != "ping" {
			return fmt.Errorf("sent ping, got %q", echo)
		}
		return nil
	}
	first, cancel := context.WithTimeout(ctx, RequestTimeout)
	defer cancel()
	return line, end, line(first)
}

// LaggingEndpoints are the addresses of a gateway's pods as an external load balancer knows
// them: late.
type LaggingEndpoints struct {
	Lookup func(context.Context) ([]string, error)
	Lag    time.Duration
	Port   string // of the pods

	mu    sync.Mutex
	known []endpointsAt // the oldest first
}

type endpointsAt struct {
	at   time.Time
	list []string
}

// Follow looks the addresses up every second until ctx ends.
func (e *LaggingEndpoints) Follow(ctx context.Context) {
	for wait(ctx, time.Second) {
		if list, err := e.Lookup(ctx); err == nil && len(list) > 0 {
			e.add(list, time.Now())
		}
	}
}

// add notes the addresses, and forgets those that nobody uses any more.
func (e *LaggingEndpoints) add(list []string, at time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.known = append(e.known, endpointsAt{at, list})
	for len(e.known) > 1 && at.Sub(e.known[1].at) >= e.Lag {
		e.known = e.known[1:]
	}
}

// pick returns one of the addresses of a while ago.
func (e *LaggingEndpoints) pick() (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.known) == 0 {
		return "", errors.New("no address of a pod is known yet")
	}
	list := e.known[0].list
	return net.JoinHostPort(list[rand.IntN(len(list))], e.Port), nil
}
