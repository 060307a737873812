// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Client calls one catalog over one connection, without retries.
type Client struct{ conn *grpc.ClientConn }

// Dial returns a client of the address. The authority is the requested host; if empty, it is the
// address.
func Dial(address, authority string) (*Client, error) {
	opts := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDisableRetry()}
	if authority != "" {
		opts = append(opts, grpc.WithAuthority(authority))
	}
	conn, err := grpc.NewClient("dns:///"+address, opts...)
	if err != nil {
		return nil, fmt.Errorf("create a gRPC client of %s: %w", address, err)
	}
	return &Client{conn}, nil
}

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }

// Find requests an item.
func (c *Client) Find(ctx context.Context, item string) (string, error) {
	out := new(wrapperspb.StringValue)
	if err := c.conn.Invoke(ctx, findMethod, wrapperspb.String(item), out); err != nil {
		return "", err
	}
	return out.GetValue(), nil
}

// Watch opens a stream that lasts until ctx ends. Each call of next waits for a line.
func (c *Client) Watch(ctx context.Context) (next func() (string, error), err error) {
	stream, err := c.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, watchMethod)
	if err != nil {
		return nil, err
	}
	if err := stream.SendMsg(wrapperspb.String("all")); err != nil {
		return nil, err
	}
	if err := stream.CloseSend(); err != nil {
		return nil, err
	}
	return func() (string, error) {
		line := new(wrapperspb.StringValue)
		err := stream.RecvMsg(line)
		return line.GetValue(), err
	}, nil
}
