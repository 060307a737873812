// SPDX-License-Identifier: Apache-2.0

// Package catalog is the shop's gRPC service: a call (Find) and a stream (Watch). Both use wrapped
// strings, so that no messages are generated.
package catalog

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	findMethod  = "/shop.Catalog/Find"
	watchMethod = "/shop.Catalog/Watch"
)

// catalog is the server interface of the service.
type catalog interface {
	find(context.Context, *wrapperspb.StringValue) (*wrapperspb.StringValue, error)
	watch(grpc.ServerStream) error
}

// serviceDesc describes the service as generated code would.
var serviceDesc = grpc.ServiceDesc{
	ServiceName: "shop.Catalog",
	HandlerType: (*catalog)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Find", Handler: handleFind}},
	Streams:     []grpc.StreamDesc{{StreamName: "Watch", Handler: handleWatch, ServerStreams: true}},
}

func handleFind(srv any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	in := new(wrapperspb.StringValue)
	if err := decode(in); err != nil {
		return nil, err
	}
	return srv.(catalog).find(ctx, in)
}

func handleWatch(srv any, stream grpc.ServerStream) error { return srv.(catalog).watch(stream) }
