// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"context"
	"fmt"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
)

// discover runs one delta ADS stream until it ends, which is always an error.
// heard is called after each response was answered.
func discover(ctx context.Context, conn *grpc.ClientConn, s *Session, heard func()) error {
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
		heard()
		response, err := stream.Recv()
		if err != nil {
			return fmt.Errorf("read the stream: %w", err)
		}
		send = s.Take(response)
	}
}
