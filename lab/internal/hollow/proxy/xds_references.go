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

// Type is the type URL of a resource.
type Type string

// The types that a proxy subscribes to.
const (
	Clusters  Type = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
	Endpoints Type = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
	Listeners Type = "type.googleapis.com/envoy.config.listener.v3.Listener"
	Routes    Type = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
	Secrets   Type = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
)

// referencedTypes are subscribed to by the names that other resources contain.
var referencedTypes = []Type{Endpoints, Routes, Secrets}

// ShortName returns the type's usual name: cds, eds, lds, rds or sds.
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

// reference is a resource that another resource refers to.
type reference struct {
	resourceType Type
	name         string
}

// referencesOf returns the references of a resource. An unreadable resource is an error; Envoy
// rejects the entire response then.
func referencesOf(t Type, x *anypb.Any) ([]reference, error) {
	switch t {
	case Clusters:
		var c clusterv3.Cluster
		if err := x.UnmarshalTo(&c); err != nil {
			return nil, fmt.Errorf("decode a cluster: %w", err)
		}
		return clusterReferences(&c), nil
	case Listeners:
		var l listenerv3.Listener
		if err := x.UnmarshalTo(&l); err != nil {
			return nil, fmt.Errorf("decode a listener: %w", err)
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
				continue // another type of filter
			}
			if name := m.GetRds().GetRouteConfigName(); name != "" {
				refs = append(refs, reference{Routes, name})
			}
		}
	}
	return refs
}

// transportSocketReferences returns the secrets that a gateway's credentialName requests over ADS.
// The workload's own certificate comes from pilot-agent.
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
	configs := slices.Concat(c.GetTlsCertificateSdsSecretConfigs(), []*tlsv3.SdsSecretConfig{
		c.GetValidationContextSdsSecretConfig(),
		c.GetCombinedValidationContext().GetValidationContextSdsSecretConfig(),
	})
	for _, config := range configs {
		if config.GetSdsConfig().GetAds() != nil {
			refs = append(refs, reference{Secrets, config.GetName()})
		}
	}
	return refs
}

// difference returns the wanted names that are missing and the existing names that are not wanted,
// both sorted.
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
