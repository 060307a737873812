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

	accepted   map[Type]map[string]acceptedResource
	subscribed map[Type]map[string]bool // names subscribed to on this stream; a wildcard type has an empty entry
	nodeSent   bool                     // whether Node has been sent on this stream
}

// acceptedResource is one that was accepted: its version, and what it makes the proxy ask for.
type acceptedResource struct {
	version    string
	references []reference
}

// Open begins a stream. A proxy that knows nothing asks for clusters; one that
// comes back says what it has of every type.
func (s *Session) Open() []*discoveryv3.DeltaDiscoveryRequest {
	s.subscribed, s.nodeSent = map[Type]map[string]bool{}, false
	if s.accepted == nil {
		s.accepted = map[Type]map[string]acceptedResource{}
	}
	out := []*discoveryv3.DeltaDiscoveryRequest{s.subscription(Clusters, nil, nil)}
	if _, back := s.accepted[Clusters]; back {
		out = append(out, s.subscribeNext()...)
	}
	return out
}

// Handle hears a response, and gives what to send: the acknowledgement or the
// rejection first, then what it newly asks for or no longer wants.
func (s *Session) Handle(r *discoveryv3.DeltaDiscoveryResponse) []*discoveryv3.DeltaDiscoveryRequest {
	answer := &discoveryv3.DeltaDiscoveryRequest{TypeUrl: r.TypeUrl, ResponseNonce: r.Nonce}
	t := Type(r.TypeUrl)
	if reason := s.apply(t, r); reason != "" {
		answer.ErrorDetail = &statuspb.Status{Code: int32(codes.Internal), Message: reason}
	}
	return append([]*discoveryv3.DeltaDiscoveryRequest{s.withNode(answer)}, s.subscribeNext()...)
}

// apply keeps what the response holds, or says why not; a refused response changes nothing.
func (s *Session) apply(t Type, r *discoveryv3.DeltaDiscoveryResponse) string {
	if s.accepted[t] == nil {
		s.accepted[t] = map[string]acceptedResource{}
	}
	if s.Reject != nil {
		if reason := s.Reject(t); reason != "" {
			return reason
		}
	}
	fresh := map[string]acceptedResource{}
	for _, x := range r.Resources {
		wants, err := referencesOf(t, x.Resource)
		if err != nil {
			return err.Error()
		}
		fresh[x.Name] = acceptedResource{version: x.Version, references: wants}
	}
	for name, x := range fresh {
		s.accepted[t][name] = x
	}
	for _, name := range r.RemovedResources {
		delete(s.accepted[t], name)
	}
	return ""
}

// subscribeNext asks for listeners once clusters were answered, and for what clusters
// and listeners point to.
func (s *Session) subscribeNext() []*discoveryv3.DeltaDiscoveryRequest {
	var out []*discoveryv3.DeltaDiscoveryRequest
	wanted := s.referencedNames()
	for _, t := range referencedTypes {
		more, less := difference(wanted[t], s.subscribed[t])
		if len(more)+len(less) > 0 {
			out = append(out, s.subscription(t, more, less))
		}
	}
	if s.subscribed[Listeners] == nil {
		out = append(out, s.subscription(Listeners, nil, nil))
	}
	return out
}

func (s *Session) referencedNames() map[Type]map[string]bool {
	wanted := map[Type]map[string]bool{}
	for _, t := range []Type{Clusters, Listeners} {
		for _, x := range s.accepted[t] {
			for _, w := range x.references {
				if wanted[w.resourceType] == nil {
					wanted[w.resourceType] = map[string]bool{}
				}
				wanted[w.resourceType][w.name] = true
			}
		}
	}
	return wanted
}

// subscription subscribes; the first request of a type on a stream says what the proxy has of it.
func (s *Session) subscription(t Type, subscribe, unsubscribe []string) *discoveryv3.DeltaDiscoveryRequest {
	r := &discoveryv3.DeltaDiscoveryRequest{TypeUrl: string(t), ResourceNamesSubscribe: subscribe, ResourceNamesUnsubscribe: unsubscribe}
	if s.subscribed[t] == nil {
		s.subscribed[t] = map[string]bool{}
		r.InitialResourceVersions = s.acceptedVersions(t, subscribe)
	}
	for _, n := range subscribe {
		s.subscribed[t][n] = true
	}
	for _, n := range unsubscribe {
		delete(s.subscribed[t], n)
		delete(s.accepted[t], n)
	}
	return s.withNode(r)
}

// acceptedVersions are those of what is held; of named resources, of those that are asked for.
func (s *Session) acceptedVersions(t Type, names []string) map[string]string {
	versions := map[string]string{}
	for n, x := range s.accepted[t] {
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

func (s *Session) withNode(r *discoveryv3.DeltaDiscoveryRequest) *discoveryv3.DeltaDiscoveryRequest {
	if !s.nodeSent {
		r.Node, s.nodeSent = s.Node, true
	}
	return r
}

// InboundClusters are the names of the clusters that lead to the application, sorted.
func (s *Session) InboundClusters() []string {
	var names []string
	for name := range s.accepted[Clusters] {
		if strings.HasPrefix(name, "inbound|") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Configured says whether the proxy has had clusters and listeners, as Envoy needs to be live.
func (s *Session) Configured() bool {
	return len(s.accepted[Clusters]) > 0 && len(s.accepted[Listeners]) > 0
}
