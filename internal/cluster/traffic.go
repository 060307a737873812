// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

const (
	clustersPath    = "/clusters"
	gaugesPath      = `/stats?filter=^(cluster\.inbound\||http\.inbound_).*_(rq|cx)_active$`
	longestClusters = 256 << 20
)

// Traffic asks a pod's Envoy, through a port-forward to its admin port, what goes
// through it to the application: by the hosts of its inbound clusters, and by
// their gauges where the pod was injected with such
// (sidecar.istio.io/statsInclusionRegexps). A host that nothing goes through is
// taken off the page within seconds, since inbound clusters are of the type
// ORIGINAL_DST; and what began before a change of the Services that match the pod
// is not on it, since Envoy then makes these clusters anew. Seen with 1.29.1. So
// quiet is what this page says and the time since the pod was parked.
func (c *Cluster) Traffic(ctx context.Context, namespace, pod string) (mesh.Traffic, error) {
	at := endpoint{namespace: namespace, name: pod, port: adminPort}
	defer c.pods.shut(at)
	var seen inbound
	for path, read := range map[string]func(io.Reader) error{clustersPath: seen.readClusters, gaugesPath: seen.readGauges} {
		if err := c.pods.get(ctx, at, path, c.Patience, longestClusters, read); err != nil {
			return mesh.Traffic{}, fmt.Errorf("ask the proxy of pod %s/%s for its traffic: %w", namespace, pod, err)
		}
	}
	return seen.traffic(), nil
}

// inbound is what an Envoy says of its inbound clusters.
type inbound struct {
	clusters map[string]bool // those that it has
	active   int
	total    int
	busiest  string // a cluster through which something goes
}

// inboundHost is a host's figure in Envoy's text: inbound|8080||::10.0.0.1:8080::rq_active::0
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
			i.figure(m[1], m[3], n)
		}
	}
	return lines.Err()
}

// figure adds up: a host may be on the page twice, and stay so, once its cluster
// was made anew under load (seen).
func (i *inbound) figure(cluster, what string, n int) {
	if what == "rq_total" {
		i.total += n
		return
	}
	i.busy(cluster, n)
}

func (i *inbound) busy(cluster string, n int) {
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
			i.busy(name, n)
		}
	}
	return lines.Err()
}

func (i *inbound) traffic() mesh.Traffic {
	t := mesh.Traffic{Total: i.total}
	switch {
	case i.active > 0:
		t.Evidence = fmt.Sprintf("%d requests are under way at %s", i.active, i.busiest)
	case len(i.clusters) == 0:
		t.Evidence = "its proxy has no inbound cluster, and so says nothing"
	default:
		t.Idle, t.Evidence = true, fmt.Sprintf("nothing is under way in %d inbound clusters, %d requests in all", len(i.clusters), i.total)
	}
	return t
}
