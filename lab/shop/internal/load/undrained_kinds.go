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
		{Name: "quick", Path: "load -> quick (HTTP)", Weight: 100, Ask: get("quick")},
		{Name: "slow", Path: "load -> slow (HTTP), 4 s a request", Weight: 4, Ask: get("slow")},
		{Name: "asked", Path: "load -> asked (gRPC)", Weight: 24, Ask: func(ctx context.Context) (hop.Answer, error) {
			text, err := c.Find(ctx, "lamp")
			if err != nil {
				return hop.Answer{}, hop.NewFailure("load", "asked", err)
			}
			return hop.Answer{Service: "asked", Text: text}, nil
		}},
		{Name: "summed", Path: "load -> summed (TCP)", Weight: 24, Ask: func(ctx context.Context) (hop.Answer, error) {
			pod, _, err := ledger.AddOnce(ctx, at("summed"), 3, 4)
			if err != nil {
				return hop.Answer{}, hop.NewFailure("load", "summed", err)
			}
			return hop.Answer{Service: "summed", Pod: pod}, nil
		}},
		{Name: "restarted", Path: "load -> restarted (HTTP)", Weight: 48, Ask: get("restarted")},
	}, nil
}
