// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"

	"github.com/rerig/rerig/lab/shop/internal/catalog"
	"github.com/rerig/rerig/lab/shop/internal/hop"
	"github.com/rerig/rerig/lab/shop/internal/ledger"
)

// UndrainedKinds returns requests from within the mesh to services that do not drain. Each kind is
// named after the Service that it calls.
func UndrainedKinds(namespace string) ([]Kind, error) {
	at := func(service string) string { return service + "." + namespace + ".svc.cluster.local:8080" }
	c, err := catalog.Dial(at("asked"), "")
	if err != nil {
		return nil, err
	}
	call := hop.NewCaller("load", RequestTimeout)
	get := func(service string) func(context.Context) (hop.Answer, error) {
		return func(ctx context.Context) (hop.Answer, error) {
			return call.Get(ctx, service, "http://"+at(service)+"/", "", nil)
		}
	}
	return []Kind{
		{"quick", "load -> quick (HTTP)", 100, get("quick")},
		{"slow", "load -> slow (HTTP), 4 s a request", 4, get("slow")},
		{"asked", "load -> asked (gRPC)", 24, func(ctx context.Context) (hop.Answer, error) {
			says, err := c.Find(ctx, "lamp")
			if err != nil {
				return hop.Answer{}, hop.NewFailure("load", "asked", err)
			}
			return hop.Answer{Service: "asked", Text: says}, nil
		}},
		{"summed", "load -> summed (TCP)", 24, func(ctx context.Context) (hop.Answer, error) {
			pod, _, err := ledger.AddOnce(ctx, at("summed"), 3, 4)
			if err != nil {
				return hop.Answer{}, hop.NewFailure("load", "summed", err)
			}
			return hop.Answer{Service: "summed", Pod: pod}, nil
		}},
		{"restarted", "load -> restarted (HTTP)", 48, get("restarted")},
	}, nil
}
