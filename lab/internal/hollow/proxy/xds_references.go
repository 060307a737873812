// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"fmt"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/types/known/anypb"
)

// Type is a resource's type URL.
type Type string

// The types that a proxy asks for.
const (
	Clusters  Type = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
	Endpoints Type = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
	Listeners Type = "type.googleapis.com/envoy.config.listener.v3.Listener"
	Routes    Type = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
	Secrets   Type = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
)

// referencedTypes are the types of which a proxy asks for names that others hold.
var referencedTypes = []Type{Endpoints, Routes, Secrets}

// ShortName is the type's usual name: cds, eds, lds, rds, sds.
func (t Type) ShortName() string {
	switch t {
	case Clusters:
		return "cds"
	case Endpoints:
		return "eds"
	case Listeners:
		return "lds"
	case Routes:
		return "rds"
	case Secrets:
		return "sds"
	}
	return string(t)
}

// reference is a resource that another one makes the proxy ask for.
type reference struct {
	resourceType Type
	name         string
}

// referencesOf are what a resource points to. One that can't be read is an error,
// for which Envoy too rejects the whole response.
func referencesOf(t Type, x *anypb.Any) ([]reference, error) {
	switch t {
	case Clusters:
		var c clusterv3.Cluster
		if err := x.UnmarshalTo(&c); err != nil {
			return nil, fmt.Errorf("read a cluster: %w", err)
		}
		return clusterReferences(&c), nil
	case Listeners:
		var l listenerv3.Listener
		if err := x.UnmarshalTo(&l); err != nil {
			return nil, fmt.Errorf("read a listener: %w", err)
		}
		return listenerReferences(&l), nil
	}
	return nil, nil
}

func clusterReferences(c *clusterv3.Cluster) []reference {
	refs := transportSocketReferences(c.GetTransportSocket())
	for _, m := range c.GetTransportSocketMatches() {
		refs = append(refs, transportSocketReferences(m.GetTransportSocket())...)
	}
	if c.GetType() != clusterv3.Cluster_EDS {
		return refs
	}
	name := c.GetEdsClusterConfig().GetServiceName()
	if name == "" {
		name = c.GetName()
	}
	return append(refs, reference{Endpoints, name})
}

func listenerReferences(l *listenerv3.Listener) []reference {
	var refs []reference
	for _, fc := range slices.Concat(l.GetFilterChains(), []*listenerv3.FilterChain{l.GetDefaultFilterChain()}) {
		refs = append(refs, transportSocketReferences(fc.GetTransportSocket())...)
		for _, f := range fc.GetFilters() {
			var m hcmv3.HttpConnectionManager
			if f.GetTypedConfig().UnmarshalTo(&m) != nil {
				continue // another kind of filter
			}
			if name := m.GetRds().GetRouteConfigName(); name != "" {
				refs = append(refs, reference{Routes, name})
			}
		}
	}
	return refs
}

// transportSocketReferences are the secrets that come over ADS: a gateway's credentialName. The
// workload's own certificate comes from its agent.
func transportSocketReferences(s *corev3.TransportSocket) []reference {
	var down tlsv3.DownstreamTlsContext
	if s.GetTypedConfig().UnmarshalTo(&down) == nil {
		return tlsReferences(down.GetCommonTlsContext())
	}
	var up tlsv3.UpstreamTlsContext
	if s.GetTypedConfig().UnmarshalTo(&up) == nil {
		return tlsReferences(up.GetCommonTlsContext())
	}
	return nil
}

func tlsReferences(c *tlsv3.CommonTlsContext) []reference {
	var refs []reference
	asked := slices.Concat(c.GetTlsCertificateSdsSecretConfigs(), []*tlsv3.SdsSecretConfig{
		c.GetValidationContextSdsSecretConfig(),
		c.GetCombinedValidationContext().GetValidationContextSdsSecretConfig(),
	})
	for _, a := range asked {
		if a.GetSdsConfig().GetAds() != nil {
			refs = append(refs, reference{Secrets, a.GetName()})
		}
	}
	return refs
}

// difference is what is wanted and not there, and what is there and not wanted, each sorted.
func difference(wanted, have map[string]bool) (missing, extra []string) {
	for n := range wanted {
		if !have[n] {
			missing = append(missing, n)
		}
	}
	for n := range have {
		if !wanted[n] {
			extra = append(extra, n)
		}
	}
	slices.Sort(missing)
	slices.Sort(extra)
	return missing, extra
}
