// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	cachev3 "github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	serverv3 "github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// controlPlane is a delta ADS server of go-control-plane that records requests.
type controlPlane struct {
	cache   cachev3.SnapshotCache
	address string

	mu       sync.Mutex
	requests []*discoveryv3.DeltaDiscoveryRequest
}

func newControlPlane(t *testing.T) *controlPlane {
	t.Helper()
	p := &controlPlane{cache: cachev3.NewSnapshotCache(true, cachev3.IDHash{}, nil)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := grpc.NewServer()
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(s, serverv3.NewServer(ctx, p.cache, serverv3.CallbackFuncs{
		StreamDeltaRequestFunc: func(_ int64, r *discoveryv3.DeltaDiscoveryRequest) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.requests = append(p.requests, proto.Clone(r).(*discoveryv3.DeltaDiscoveryRequest))
			return nil
		},
	}))
	go func() { _ = s.Serve(l) }() // ends with Stop
	t.Cleanup(func() { cancel(); s.Stop() })
	p.address = l.Addr().String()
	return p
}

// setConfig configures proxy n with these services and with a listener that routes to each.
func (p *controlPlane) setConfig(t *testing.T, version string, services ...string) {
	t.Helper()
	var clusters, endpoints, listeners, routes []types.Resource
	for _, s := range services {
		clusters = append(clusters, &clusterv3.Cluster{Name: s, ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_EDS},
			EdsClusterConfig: &clusterv3.Cluster_EdsClusterConfig{EdsConfig: adsSource()}})
		endpoints = append(endpoints, &endpointv3.ClusterLoadAssignment{ClusterName: s})
		listeners = append(listeners, listener(t, s))
		routes = append(routes, &routev3.RouteConfiguration{Name: "to-" + s})
	}
	snapshot, err := cachev3.NewSnapshot(version, map[string][]types.Resource{
		string(Clusters): clusters, string(Endpoints): endpoints, string(Listeners): listeners, string(Routes): routes,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cache.SetSnapshot(context.Background(), "n", snapshot); err != nil {
		t.Fatal(err)
	}
}

func adsSource() *corev3.ConfigSource {
	return &corev3.ConfigSource{ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}}}
}

func listener(t *testing.T, name string) *listenerv3.Listener {
	t.Helper()
	manager, err := anypb.New(&hcmv3.HttpConnectionManager{RouteSpecifier: &hcmv3.HttpConnectionManager_Rds{
		Rds: &hcmv3.Rds{RouteConfigName: "to-" + name, ConfigSource: adsSource()}}})
	if err != nil {
		t.Fatal(err)
	}
	return &listenerv3.Listener{Name: name, FilterChains: []*listenerv3.FilterChain{{
		Filters: []*listenerv3.Filter{{Name: "http", ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: manager}}}}}}
}

// waitFor waits for a matching request, and removes and returns it.
func (p *controlPlane) waitFor(
	t *testing.T, what string, matches func(*discoveryv3.DeltaDiscoveryRequest) bool,
) *discoveryv3.DeltaDiscoveryRequest {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		p.mu.Lock()
		i := slices.IndexFunc(p.requests, matches)
		if i >= 0 {
			r := p.requests[i]
			p.requests = slices.Delete(p.requests, i, i+1)
			p.mu.Unlock()
			return r
		}
		p.mu.Unlock()
	}
	t.Fatalf("got no %s within 20 s", what)
	return nil
}

func acknowledges(t Type) func(*discoveryv3.DeltaDiscoveryRequest) bool {
	return func(r *discoveryv3.DeltaDiscoveryRequest) bool {
		return r.TypeUrl == string(t) && r.ResponseNonce != "" && r.ErrorDetail == nil
	}
}

func refuses(t Type) func(*discoveryv3.DeltaDiscoveryRequest) bool {
	return func(r *discoveryv3.DeltaDiscoveryRequest) bool {
		return r.TypeUrl == string(t) && r.ResponseNonce != "" && r.ErrorDetail != nil
	}
}

func subscribes(t Type, names ...string) func(*discoveryv3.DeltaDiscoveryRequest) bool {
	return func(r *discoveryv3.DeltaDiscoveryRequest) bool {
		return r.TypeUrl == string(t) && r.ResponseNonce == "" && slices.Equal(r.ResourceNamesSubscribe, names)
	}
}

// startSession runs the session's stream until the returned function is called.
func startSession(t *testing.T, p *controlPlane, s *Session) (stop func()) {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+p.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- runStream(ctx, conn, s, func() {}) }()
	return func() {
		cancel()
		<-done
		_ = conn.Close()
	}
}

func TestSessionSubscribesToReferences(t *testing.T) {
	p, s := newControlPlane(t), &Session{Node: &corev3.Node{Id: "n"}}
	p.setConfig(t, "1", "a", "b")
	defer startSession(t, p, s)()

	first := p.waitFor(t, "request for clusters", subscribes(Clusters))
	if first.GetNode().GetId() != "n" {
		t.Errorf("first request: got node %v, want n", first.GetNode())
	}
	if r := p.waitFor(t, "request for listeners", subscribes(Listeners)); r.GetNode() != nil {
		t.Error("later request: got a node, want none")
	}
	p.waitFor(t, "request for endpoints", subscribes(Endpoints, "a", "b"))
	p.waitFor(t, "request for routes", subscribes(Routes, "to-a", "to-b"))
	for _, kind := range []Type{Clusters, Listeners, Endpoints, Routes} {
		p.waitFor(t, "acknowledgement of "+kind.ShortName(), acknowledges(kind))
	}
	if !s.Configured() {
		t.Error("got not configured, want configured")
	}
	p.setConfig(t, "2", "b", "c")
	p.waitFor(t, "request for the new endpoints", func(r *discoveryv3.DeltaDiscoveryRequest) bool {
		return subscribes(Endpoints, "c")(r) && slices.Equal(r.ResourceNamesUnsubscribe, []string{"a"})
	})
	p.waitFor(t, "acknowledgement of the new listeners", acknowledges(Listeners))
}

func TestSessionRejectsConfiguredTypes(t *testing.T) {
	p, s := newControlPlane(t), &Session{Node: &corev3.Node{Id: "n"}, Reject: Faults{RejectedTypes: []string{"lds"}}.rejectionReason}
	p.setConfig(t, "1", "a")
	stop := startSession(t, p, s)

	r := p.waitFor(t, "rejection of listeners", refuses(Listeners))
	if !strings.Contains(r.ErrorDetail.Message, "lds") {
		t.Errorf("got rejection %q, want the reason", r.ErrorDetail.Message)
	}
	p.waitFor(t, "acknowledgement of clusters", acknowledges(Clusters))
	p.waitFor(t, "acknowledgement of endpoints", acknowledges(Endpoints))
	stop()
	p.mu.Lock()
	if i := slices.IndexFunc(p.requests, func(r *discoveryv3.DeltaDiscoveryRequest) bool { return r.TypeUrl == string(Routes) }); i >= 0 {
		t.Error("got a request for routes of a rejected listener")
	}
	p.mu.Unlock()
	if s.Configured() {
		t.Error("got configured without listeners")
	}
}

func TestSessionResumesWithKnownVersions(t *testing.T) {
	p, s := newControlPlane(t), &Session{Node: &corev3.Node{Id: "n"}}
	p.setConfig(t, "1", "a")
	stop := startSession(t, p, s)
	p.waitFor(t, "acknowledgement of routes", acknowledges(Routes))
	stop()
	p.mu.Lock()
	p.requests = nil
	p.mu.Unlock()

	defer startSession(t, p, s)()
	for _, c := range []struct {
		kind     Type
		resource string
	}{
		{Clusters, "a"}, {Listeners, "a"}, {Endpoints, "a"}, {Routes, "to-a"},
	} {
		t.Run(c.kind.ShortName(), func(t *testing.T) {
			r := p.waitFor(t, "request", func(r *discoveryv3.DeltaDiscoveryRequest) bool {
				return r.TypeUrl == string(c.kind) && r.ResponseNonce == ""
			})
			if r.InitialResourceVersions[c.resource] == "" {
				t.Errorf("got initial versions %v, want %s", r.InitialResourceVersions, c.resource)
			}
		})
	}
}

// An unreadable resource is rejected, as Envoy does, and does not end the stream.
func TestSessionRejectsUnreadableResource(t *testing.T) {
	s := &Session{}
	s.Open()
	bad := &discoveryv3.DeltaDiscoveryResponse{TypeUrl: string(Clusters), Nonce: "1", Resources: []*discoveryv3.Resource{
		{Name: "x", Resource: &anypb.Any{TypeUrl: string(Clusters), Value: []byte{0xff}}}}}
	if got := s.Handle(bad)[0]; got.ErrorDetail == nil || got.ResponseNonce != "1" {
		t.Errorf("got %v, want a rejection of nonce 1", got)
	}
}
