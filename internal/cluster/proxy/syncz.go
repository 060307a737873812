// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// syncStatus is one connection in istiod's answer to GET /debug/syncz:
// SyncStatus in pilot/pkg/xds/debug.go, @1.29.1 and @1.31.0. Older istiods have the
// fields above resources only; they hold nonces.
type syncStatus struct {
	Proxy           string `json:"proxy"`
	ProxyType       string `json:"proxy_type"`
	IstioVersion    string `json:"istio_version"`
	ClusterSent     string `json:"cluster_sent"`
	ClusterAcked    string `json:"cluster_acked"`
	ListenerSent    string `json:"listener_sent"`
	ListenerAcked   string `json:"listener_acked"`
	RouteSent       string `json:"route_sent"`
	RouteAcked      string `json:"route_acked"`
	EndpointSent    string `json:"endpoint_sent"`
	EndpointAcked   string `json:"endpoint_acked"`
	ExtensionsSent  string `json:"extensionconfig_sent"`
	ExtensionsAcked string `json:"extensionconfig_acked"`

	Resources map[string]struct {
		Sent      string `json:"sent"`
		Acked     string `json:"acked"`
		LastError string `json:"lastError"`
	} `json:"resources"`
}

// readSyncz reads the connections of one istiod one by one, without holding the
// complete answer.
func readSyncz(r io.Reader, istiod, revision string) ([]mesh.Proxy, error) {
	d := json.NewDecoder(r)
	if t, err := d.Token(); err != nil {
		return nil, fmt.Errorf("read /debug/syncz: %w", err)
	} else if t == nil {
		return nil, nil
	} else if t != json.Delim('[') {
		return nil, fmt.Errorf("read /debug/syncz: it begins with %v, not with a list", t)
	}
	var proxies []mesh.Proxy
	for d.More() {
		var s syncStatus
		if err := d.Decode(&s); err != nil {
			return nil, fmt.Errorf("read /debug/syncz after %d connections: %w", len(proxies), err)
		}
		if p, ok := s.proxy(); ok {
			p.Istiod, p.Revision = istiod, revision
			proxies = append(proxies, p)
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("read /debug/syncz after %d connections: %w", len(proxies), err)
	}
	return proxies, nil
}

// proxy returns false for a connection that is not a pod's: its ID is not
// pod.namespace.
func (s syncStatus) proxy() (mesh.Proxy, bool) {
	dot := strings.LastIndex(s.Proxy, ".")
	if dot <= 0 || dot == len(s.Proxy)-1 {
		return mesh.Proxy{}, false
	}
	p := mesh.Proxy{
		Namespace: s.Proxy[dot+1:],
		Pod:       s.Proxy[:dot],
		Router:    s.ProxyType == "router" || s.ProxyType == "waypoint",
		Version:   s.IstioVersion,
	}
	if s.Resources != nil {
		s.readResources(&p)
	} else {
		s.readFields(&p)
	}
	slices.Sort(p.Sent)
	slices.Sort(p.Unacked)
	slices.SortFunc(p.Rejected, func(a, b mesh.Rejection) int { return cmp.Compare(a.Type, b.Type) })
	return p, true
}

func (s syncStatus) readResources(p *mesh.Proxy) {
	for url, r := range s.Resources {
		note(p, typeName(url), r.Sent, r.Acked)
		if r.LastError != "" {
			p.Rejected = append(p.Rejected, mesh.Rejection{Type: typeName(url), Reason: r.LastError})
		}
	}
}

func (s syncStatus) readFields(p *mesh.Proxy) {
	note(p, "CDS", s.ClusterSent, s.ClusterAcked)
	note(p, "LDS", s.ListenerSent, s.ListenerAcked)
	note(p, "RDS", s.RouteSent, s.RouteAcked)
	note(p, "EDS", s.EndpointSent, s.EndpointAcked)
	note(p, "ECDS", s.ExtensionsSent, s.ExtensionsAcked)
}

// note adds one type. It is acknowledged if the last nonce that was sent is the
// last that was acknowledged.
func note(p *mesh.Proxy, name, sent, acked string) {
	if sent == "" {
		return
	}
	p.Sent = append(p.Sent, name)
	if sent != acked {
		p.Unacked = append(p.Unacked, name)
	}
}

// typeNames are Istio's short names: GetShortType in pkg/model/xds.go @1.29.1.
var typeNames = map[string]string{
	"envoy.config.cluster.v3.Cluster":                  "CDS",
	"envoy.config.listener.v3.Listener":                "LDS",
	"envoy.config.route.v3.RouteConfiguration":         "RDS",
	"envoy.config.endpoint.v3.ClusterLoadAssignment":   "EDS",
	"envoy.extensions.transport_sockets.tls.v3.Secret": "SDS",
	"envoy.config.core.v3.TypedExtensionConfig":        "ECDS",
	"istio.networking.nds.v1.NameTable":                "NDS",
	"istio.mesh.v1alpha1.ProxyConfig":                  "PCDS",
	"istio.workload.Address":                           "WDS",
	"istio.workload.Workload":                          "WDS",
	"istio.security.Authorization":                     "WADS",
}

func typeName(url string) string {
	message := url[strings.LastIndex(url, "/")+1:]
	if name, ok := typeNames[message]; ok {
		return name
	}
	return message
}
