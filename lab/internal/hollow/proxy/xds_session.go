// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"maps"
	"slices"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
)

// Session is the client side of delta ADS, as Envoy implements it, without the connection. It
// outlives streams: Open starts a new one. It is not safe for concurrent use.
type Session struct {
	// Node is sent with the first request of each stream.
	Node *corev3.Node
	// Reject returns why resources of a type are rejected, or an empty string to accept them. Nil
	// accepts everything.
	Reject func(Type) string

	accepted   map[Type]map[string]acceptedResource
	subscribed map[Type]map[string]bool // names subscribed on this stream; wildcard types have an empty entry
	nodeSent   bool                     // Node was sent on this stream
}

// acceptedResource is the version of an accepted resource and what it refers to.
type acceptedResource struct {
	version    string
	references []reference
}

// Open starts a stream. A new proxy requests clusters; a reconnecting proxy also sends the versions
// that it has of every type.
func (s *Session) Open() []*discoveryv3.DeltaDiscoveryRequest {
	s.subscribed, s.nodeSent = map[Type]map[string]bool{}, false
	if s.accepted == nil {
		s.accepted = map[Type]map[string]acceptedResource{}
	}
	out := []*discoveryv3.DeltaDiscoveryRequest{s.subscription(Clusters, nil, nil)}
	if _, known := s.accepted[Clusters]; known {
		out = append(out, s.subscribeNext()...)
	}
	return out
}

// Handle processes a response. It returns the acknowledgement or rejection, followed by changed
// subscriptions.
func (s *Session) Handle(r *discoveryv3.DeltaDiscoveryResponse) []*discoveryv3.DeltaDiscoveryRequest {
	answer := &discoveryv3.DeltaDiscoveryRequest{TypeUrl: r.TypeUrl, ResponseNonce: r.Nonce}
	t := Type(r.TypeUrl)
	if reason := s.apply(t, r); reason != "" {
		answer.ErrorDetail = &statuspb.Status{Code: int32(codes.Internal), Message: reason}
	}
	return append([]*discoveryv3.DeltaDiscoveryRequest{s.withNode(answer)}, s.subscribeNext()...)
}

// apply stores the resources of a response, or returns why the response is rejected. A rejected
// response changes nothing.
func (s *Session) apply(t Type, r *discoveryv3.DeltaDiscoveryResponse) string {
	if s.accepted[t] == nil {
		s.accepted[t] = map[string]acceptedResource{}
	}
	if s.Reject != nil {
		if reason := s.Reject(t); reason != "" {
			return reason
		}
	}
	resources := map[string]acceptedResource{}
	for _, x := range r.Resources {
		refs, err := referencesOf(t, x.Resource)
		if err != nil {
			return err.Error()
		}
		resources[x.Name] = acceptedResource{version: x.Version, references: refs}
	}
	for name, x := range resources {
		s.accepted[t][name] = x
	}
	for _, name := range r.RemovedResources {
		delete(s.accepted[t], name)
	}
	return ""
}

// subscribeNext subscribes to listeners after clusters were answered, and to everything that
// clusters and listeners refer to.
func (s *Session) subscribeNext() []*discoveryv3.DeltaDiscoveryRequest {
	var out []*discoveryv3.DeltaDiscoveryRequest
	wanted := s.referencedNames()
	for _, t := range referencedTypes {
		subscribe, unsubscribe := difference(wanted[t], s.subscribed[t])
		if len(subscribe)+len(unsubscribe) > 0 {
			out = append(out, s.subscription(t, subscribe, unsubscribe))
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

// subscription returns a request that changes the subscription of a type. The first request of a
// type on a stream contains the accepted versions.
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

// acceptedVersions returns the versions of the named resources, or of all resources of the type if
// names is empty.
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

// Names returns the sorted names of the accepted resources of a type.
func (s *Session) Names(t Type) []string { return slices.Sorted(maps.Keys(s.accepted[t])) }

// Configured reports whether clusters and listeners were received, which Envoy needs to be live.
func (s *Session) Configured() bool {
	return len(s.accepted[Clusters]) > 0 && len(s.accepted[Listeners]) > 0
}
