// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"context"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Server answers in the name of one pod.
type Server struct {
	Pod string
	// Interval is the time between two lines of a stream.
	Interval time.Duration
	stopping context.Context
}

// Serve serves until ctx ends. Then it ends the streams, and other calls may complete within grace.
func (s *Server) Serve(ctx context.Context, ln net.Listener, grace time.Duration) error {
	s.stopping = ctx
	srv := grpc.NewServer()
	srv.RegisterService(&serviceDesc, s)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		forceStop := time.AfterFunc(grace, srv.Stop)
		defer forceStop.Stop()
		srv.GracefulStop()
	}()
	if err := srv.Serve(ln); err != nil {
		return fmt.Errorf("serve gRPC on %s: %w", ln.Addr(), err)
	}
	<-stopped
	return nil
}

func (s *Server) find(_ context.Context, item *wrapperspb.StringValue) (*wrapperspb.StringValue, error) {
	return wrapperspb.String(item.GetValue() + " found by " + s.Pod), nil
}

func (s *Server) watch(stream grpc.ServerStream) error {
	if err := stream.RecvMsg(new(wrapperspb.StringValue)); err != nil {
		return err
	}
	ticker := time.NewTicker(s.Interval)
	defer ticker.Stop()
	for {
		if err := stream.SendMsg(wrapperspb.String(s.Pod + " is alive")); err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-stream.Context().Done():
			return stream.Context().Err()
		case <-s.stopping.Done():
			return status.Errorf(codes.Unavailable, "%s is shutting down", s.Pod)
		}
	}
}
