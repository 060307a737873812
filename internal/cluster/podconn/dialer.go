// SPDX-License-Identifier: Apache-2.0

package podconn

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	streaming "k8s.io/streaming/pkg/httpstream"
)

// connect opens a port-forward as kubectl does: over a websocket, else over SPDY.
// The end of ctx ends the attempt, but not the connection.
func connect(ctx context.Context, config *rest.Config, to Endpoint) (httpstream.Connection, error) {
	config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &contextual{ctx, next} })
	base, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, err
	}
	dialer, err := newDialer(config, base.JoinPath("api", "v1", "namespaces", to.Namespace, "pods", to.Name, "portforward"))
	if err != nil {
		return nil, err
	}
	connection, protocol, err := dialer.Dial(portforward.PortForwardProtocolV1Name)
	if err != nil {
		return nil, err
	}
	if protocol != portforward.PortForwardProtocolV1Name {
		_ = connection.Close()
		return nil, fmt.Errorf("the server negotiated the protocol %q", protocol)
	}
	return connection, nil
}

func newDialer(config *rest.Config, address *url.URL) (httpstream.Dialer, error) {
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, err
	}
	second := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, address)
	first, err := portforward.NewSPDYOverWebsocketDialer(address, config)
	if err != nil {
		return nil, err
	}
	// Since v0.36 the websocket dialer returns errors of k8s.io/streaming, which
	// apimachinery's functions of these names do not recognize.
	return portforward.NewFallbackDialer(first, second, func(err error) bool {
		return streaming.IsUpgradeFailure(err) || streaming.IsHTTPSProxyError(err)
	}), nil
}

// contextual gives requests a context: client-go's dialers take none.
type contextual struct {
	ctx  context.Context
	next http.RoundTripper
}

func (c *contextual) RoundTrip(r *http.Request) (*http.Response, error) {
	return c.next.RoundTrip(r.WithContext(c.ctx))
}
