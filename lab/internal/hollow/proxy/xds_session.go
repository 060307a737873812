// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
)

// Session is what a proxy knows and has asked for: the client's side of delta
// ADS, as Envoy keeps it, without the connection. It outlives streams: Open
// begins a new one. It is not safe for concurrent use.
type Session struct {
	// Node goes with the first request of every stream.
	Node *corev3.Node
	// Reject gives the reason why resources of a type are refused, "" to take
	// them; nil takes everything.
	Reject func(Type) string

	held   map[Type]map[string]resource
	asked  map[Type]map[string]bool // names subscribed to on this stream; a wildcard type has an empty entry
	tabled bool                     // whether Node has been sent on this stream
}

// resource is one that was accepted: its version, and what it makes the proxy ask for.
type resource struct {
	version string
	wants   []reference
}

// Open begins a stream. A proxy that knows nothing asks for clusters; one that
// comes back says what it has of every type.
func (s *Session) Open() []*discoveryv3.DeltaDiscoveryRequest {
	s.asked, s.tabled = map[Type]map[string]bool{}, false
	if s.held == nil {
		s.held = map[Type]map[string]resource{}
	}
	out := []*discoveryv3.DeltaDiscoveryRequest{s.ask(Clusters, nil, nil)}
	if _, back := s.held[Clusters]; back {
		out = append(out, s.follow()...)
	}
	return out
}

// Take hears a response, and gives what to send: the acknowledgement or the
// rejection first, then what it newly asks for or no longer wants.
func (s *Session) Take(r *discoveryv3.DeltaDiscoveryResponse) []*discoveryv3.DeltaDiscoveryRequest {
	answer := &discoveryv3.DeltaDiscoveryRequest{TypeUrl: r.TypeUrl, ResponseNonce: r.Nonce}
	t := Type(r.TypeUrl)
	if reason := s.judge(t, r); reason != "" {
		answer.ErrorDetail = &statuspb.Status{Code: int32(codes.Internal), Message: reason}
	}
	return append([]*discoveryv3.DeltaDiscoveryRequest{s.signed(answer)}, s.follow()...)
}

// judge keeps what the response holds, or says why not; a refused response changes nothing.
func (s *Session) judge(t Type, r *discoveryv3.DeltaDiscoveryResponse) string {
	if s.held[t] == nil {
		s.held[t] = map[string]resource{}
	}
	if s.Reject != nil {
		if reason := s.Reject(t); reason != "" {
			return reason
		}
	}
	fresh := map[string]resource{}
	for _, x := range r.Resources {
		wants, err := references(t, x.Resource)
		if err != nil {
			return err.Error()
		}
		fresh[x.Name] = resource{version: x.Version, wants: wants}
	}
	for name, x := range fresh {
		s.held[t][name] = x
	}
	for _, name := range r.RemovedResources {
		delete(s.held[t], name)
	}
	return ""
}

// follow asks for listeners once clusters were answered, and for what clusters
// and listeners point to.
func (s *Session) follow() []*discoveryv3.DeltaDiscoveryRequest {
	var out []*discoveryv3.DeltaDiscoveryRequest
	wanted := s.wanted()
	for _, t := range pointedTo {
		more, less := difference(wanted[t], s.asked[t])
		if len(more)+len(less) > 0 {
			out = append(out, s.ask(t, more, less))
		}
	}
	if s.asked[Listeners] == nil {
		out = append(out, s.ask(Listeners, nil, nil))
	}
	return out
}

func (s *Session) wanted() map[Type]map[string]bool {
	wanted := map[Type]map[string]bool{}
	for _, t := range []Type{Clusters, Listeners} {
		for _, x := range s.held[t] {
			for _, w := range x.wants {
				if wanted[w.of] == nil {
					wanted[w.of] = map[string]bool{}
				}
				wanted[w.of][w.name] = true
			}
		}
	}
	return wanted
}

// ask subscribes; the first request of a type on a stream says what the proxy has of it.
func (s *Session) ask(t Type, more, less []string) *discoveryv3.DeltaDiscoveryRequest {
	r := &discoveryv3.DeltaDiscoveryRequest{TypeUrl: string(t), ResourceNamesSubscribe: more, ResourceNamesUnsubscribe: less}
	if s.asked[t] == nil {
		s.asked[t] = map[string]bool{}
		r.InitialResourceVersions = s.versions(t, more)
	}
	for _, n := range more {
		s.asked[t][n] = true
	}
	for _, n := range less {
		delete(s.asked[t], n)
		delete(s.held[t], n)
	}
	return s.signed(r)
}

// versions are those of what is held; of named resources, of those that are asked for.
func (s *Session) versions(t Type, names []string) map[string]string {
	versions := map[string]string{}
	for n, x := range s.held[t] {
		versions[n] = x.version
	}
	if len(names) == 0 {
		return versions
	}
	of := map[string]string{}
	for _, n := range names {
		if v, ok := versions[n]; ok {
			of[n] = v
		}
	}
	return of
}

func (s *Session) signed(r *discoveryv3.DeltaDiscoveryRequest) *discoveryv3.DeltaDiscoveryRequest {
	if !s.tabled {
		r.Node, s.tabled = s.Node, true
	}
	return r
}

// Inbound are the names of the clusters that lead to the application, sorted.
func (s *Session) Inbound() []string {
	var names []string
	for name := range s.held[Clusters] {
		if strings.HasPrefix(name, "inbound|") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Configured says whether the proxy has had clusters and listeners, as Envoy needs to be live.
func (s *Session) Configured() bool {
	return len(s.held[Clusters]) > 0 && len(s.held[Listeners]) > 0
}
