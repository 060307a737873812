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

// Network connects a proxy to its control plane.
type Network interface {
	// Dial connects to a ready endpoint of host:port, where host is a Service's DNS name.
	Dial(ctx context.Context, hostport string) (net.Conn, error)
	// Root returns the PEM bundle by which the pod trusts its control plane.
	Root(ctx context.Context) ([]byte, error)
	// Token returns the pod's token for its control plane.
	Token(ctx context.Context) (string, error)
}

// maxMessageBytes bounds one response. It exceeds the largest response of istiod.
const maxMessageBytes = 256 << 20

// newConnection prepares a TLS connection to a control plane. The first call connects.
func newConnection(n Network, hostport string, root []byte) (*grpc.ClientConn, error) {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		return nil, fmt.Errorf("parse the control plane's address: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(root) {
		return nil, errors.New("read the root certificate: not PEM encoded")
	}
	return grpc.NewClient("passthrough:///"+hostport,
		grpc.WithContextDialer(n.Dial),
		grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: roots, ServerName: host, MinVersion: tls.VersionTLS12})),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessageBytes)),
		// Hundreds of proxies share one process, so each gets small buffers.
		grpc.WithSharedWriteBuffer(true), grpc.WithReadBufferSize(4<<10), grpc.WithWriteBufferSize(4<<10),
		grpc.WithDisableServiceConfig(), grpc.WithUserAgent("lab-hollow-proxy"))
}

// withCredentials adds the pod's token and cluster ID to a call.
func withCredentials(ctx context.Context, clusterID, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token, "clusterid", clusterID)
}

// runStream runs one delta ADS stream until it ends, and always returns an error. onResponse is
// called after each response was answered.
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
				_, err = stream.Recv() // returns the reason
				return fmt.Errorf("send to the stream: %w", err)
			}
		}
		onResponse()
		response, err := stream.Recv()
		if err != nil {
			return fmt.Errorf("receive from the stream: %w", err)
		}
		send = s.Handle(response)
	}
}
