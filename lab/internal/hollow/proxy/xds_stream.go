// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
)

// Network is what a proxy reaches its control plane by.
type Network interface {
	// Dial connects to host:port, where host is a Service's DNS name, at one of its ready endpoints.
	Dial(ctx context.Context, hostport string) (net.Conn, error)
	// Root is the PEM bundle that the pod trusts its control plane by.
	Root(ctx context.Context) ([]byte, error)
	// Token is the pod's token for its control plane.
	Token(ctx context.Context) (string, error)
}

// maxMessageBytes bounds one response: as large as istiod's largest.
const maxMessageBytes = 256 << 20

// newConnection prepares a TLS connection to a control plane; calls on it make it.
func newConnection(n Network, hostport string, root []byte) (*grpc.ClientConn, error) {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		return nil, fmt.Errorf("read the control plane's address: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(root) {
		return nil, errors.New("read the root certificate: it is not PEM")
	}
	return grpc.NewClient("passthrough:///"+hostport,
		grpc.WithContextDialer(n.Dial),
		grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: roots, ServerName: host, MinVersion: tls.VersionTLS12})),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessageBytes)),
		// Hundreds of proxies share one process: small buffers for each.
		grpc.WithSharedWriteBuffer(true), grpc.WithReadBufferSize(4<<10), grpc.WithWriteBufferSize(4<<10),
		grpc.WithDisableServiceConfig(), grpc.WithUserAgent("lab-hollow-proxy"))
}

// withCredentials puts the identity of the pod on a call.
func withCredentials(ctx context.Context, clusterID, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token, "clusterid", clusterID)
}

// runStream runs one delta ADS stream until it ends, which is always an error.
// heard is called after each response was answered.
func runStream(ctx context.Context, conn *grpc.ClientConn, s *Session, onResponse func()) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := discoveryv3.NewAggregatedDiscoveryServiceClient(conn).DeltaAggregatedResources(ctx)
	if err != nil {
		return fmt.Errorf("open the stream: %w", err)
	}
	send := s.Open()
	for {
		for _, r := range send {
			if err := stream.Send(r); err != nil {
				_, err = stream.Recv() // says why
				return fmt.Errorf("send to the stream: %w", err)
			}
		}
		onResponse()
		response, err := stream.Recv()
		if err != nil {
			return fmt.Errorf("read the stream: %w", err)
		}
		send = s.Handle(response)
	}
}
