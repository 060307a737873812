// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/rerig/rerig/internal/cluster/podconn"
	"github.com/rerig/rerig/internal/mesh"
)

const (
	connectionsStat = "server.total_connections"
	connectionsPath = "/stats?filter=^server.total_connections$"

	failHealthCheck = "/healthcheck/fail"
	passHealthCheck = "/healthcheck/ok"
)

// SetDraining has a gateway's Envoy ask its clients to close their connections, or keep
// them again: it answers with Connection: close, and sends GOAWAY by HTTP/2. It cuts
// nothing, and its pod stays ready (seen with Envoy 1.37 and 1.39).
func (c *Client) SetDraining(ctx context.Context, namespace, pod string, draining bool) error {
	at := podconn.Endpoint{Namespace: namespace, Name: pod, Port: adminPort}
	defer c.pods.CloseEndpoint(at)
	path := passHealthCheck
	if draining {
		path = failHealthCheck
	}
	if err := c.pods.Post(ctx, at, path); err != nil {
		return fmt.Errorf("send the proxy of pod %s/%s %s: %w", namespace, pod, path, err)
	}
	return nil
}

// Connections asks a gateway's Envoy for the connections that its clients have open. Envoy
// counts them every five seconds (stats_flush_interval), those of probes included.
func (c *Client) Connections(ctx context.Context, namespace, pod string) (mesh.Traffic, error) {
	at := podconn.Endpoint{Namespace: namespace, Name: pod, Port: adminPort}
	defer c.pods.CloseEndpoint(at)
	var t mesh.Traffic
	err := c.pods.Get(ctx, at, connectionsPath, secretsLimit, func(r io.Reader) error {
		var err error
		t, err = readConnections(r)
		return err
	})
	if err != nil {
		return mesh.Traffic{}, fmt.Errorf("ask the proxy of pod %s/%s for its connections: %w", namespace, pod, err)
	}
	return t, nil
}

// readConnections reads Envoy's text: server.total_connections: 3
func readConnections(r io.Reader) (mesh.Traffic, error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), ": ")
		if !ok || name != connectionsStat {
			continue
		}
		n, err := strconv.Atoi(value)
		if err != nil {
			return mesh.Traffic{}, fmt.Errorf("read %s: %w", connectionsStat, err)
		}
		return mesh.Traffic{Idle: n == 0, Evidence: fmt.Sprintf("%d open connections", n)}, nil
	}
	if err := lines.Err(); err != nil {
		return mesh.Traffic{}, err
	}
	return mesh.Traffic{Evidence: "its proxy does not report " + connectionsStat + ", so its connections are not known"}, nil
}
