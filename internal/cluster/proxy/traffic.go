// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/rerig/rerig/internal/cluster/podconn"
	"github.com/rerig/rerig/internal/mesh"
)

const (
	clustersPath  = "/clusters"
	gaugesPath    = `/stats?filter=^(cluster\.inbound\||http\.inbound_).*_(rq|cx)_active$`
	clustersLimit = 256 << 20
)

// Traffic asks a pod's Envoy, at its admin port, for the requests that pass through
// it to the application: by the hosts of its inbound clusters, and by their gauges
// where the pod was injected with such (sidecar.istio.io/statsInclusionRegexps).
//
// Envoy removes a host that is idle within seconds, since inbound clusters have the
// type ORIGINAL_DST. It re-creates these clusters when the Services that select the
// pod change: requests from before are not counted then. Seen with 1.29.1. So a pod
// is quiet by this answer and by the time since it was parked.
func (c *Client) Traffic(ctx context.Context, namespace, pod string) (mesh.Traffic, error) {
	at := podconn.Endpoint{Namespace: namespace, Name: pod, Port: adminPort}
	defer c.pods.CloseEndpoint(at)
	var seen inbound
	for path, read := range map[string]func(io.Reader) error{clustersPath: seen.readClusters, gaugesPath: seen.readGauges} {
		if err := c.pods.Get(ctx, at, path, clustersLimit, read); err != nil {
			return mesh.Traffic{}, fmt.Errorf("ask the proxy of pod %s/%s for its traffic: %w", namespace, pod, err)
		}
	}
	return seen.traffic(), nil
}

// inbound is what an Envoy reports of its inbound clusters.
type inbound struct {
	clusters map[string]bool
	active   int
	total    int
	busiest  string // a cluster with active requests
}

// inboundHost matches a host's figure in Envoy's text: inbound|8080||::10.0.0.1:8080::rq_active::0
var inboundHost = regexp.MustCompile(`^(inbound\|[^:]*)::(.+)::(rq_active|rq_total)::(\d+)$`)

func (i *inbound) readClusters(r io.Reader) error {
	i.clusters = map[string]bool{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		name, _, ok := strings.Cut(lines.Text(), "::")
		if !ok || !strings.HasPrefix(name, "inbound|") {
			continue
		}
		i.clusters[name] = true
		if m := inboundHost.FindStringSubmatch(lines.Text()); m != nil {
			n, _ := strconv.Atoi(m[4])
			i.add(m[1], m[3], n)
		}
	}
	return lines.Err()
}

// add adds a figure. A host may be listed twice once its cluster was re-created
// under load (seen).
func (i *inbound) add(cluster, figure string, n int) {
	if figure == "rq_total" {
		i.total += n
		return
	}
	i.addActive(cluster, n)
}

func (i *inbound) addActive(cluster string, n int) {
	i.active += n
	if n > 0 {
		i.busiest = cluster
	}
}

// readGauges reads Envoy's text: cluster.inbound|8080||;.upstream_rq_active: 0
func (i *inbound) readGauges(r io.Reader) error {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), ": ")
		if n, err := strconv.Atoi(value); ok && err == nil && strings.HasSuffix(name, "rq_active") {
			i.addActive(name, n)
		}
	}
	return lines.Err()
}

func (i *inbound) traffic() mesh.Traffic {
	t := mesh.Traffic{Total: i.total}
	switch {
	case i.active > 0:
		t.Evidence = fmt.Sprintf("%d active requests at %s", i.active, i.busiest)
	case len(i.clusters) == 0:
		t.Evidence = "its proxy has no inbound cluster, so its traffic is not known"
	default:
		t.Idle, t.Evidence = true, fmt.Sprintf("no active request in %d inbound clusters, %d requests in total", len(i.clusters), i.total)
	}
	return t
}
