// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rerig/rerig/lab/shop/internal/catalog"
	"github.com/rerig/rerig/lab/shop/internal/hop"
)

// RequestTimeout bounds one request. It exceeds the longest timeout of the services. All timeouts
// are long, because an upgrade slows requests on a small machine, and a slow request is not lost.
const RequestTimeout = 15 * time.Second

// Hosts by which the gateway routes.
const (
	WebHost     = "shop.example"
	CatalogHost = "catalog.shop.example"
)

// Target holds the addresses and credentials of a shop.
type Target struct {
	HTTP    string // base URL of the ingress gateway
	TCP     string // address of the ingress gateway's TCP port
	Plain   string // base URL of cart, without the gateway
	Catalog *catalog.Client
	Call    hop.Caller
	// Token is called for each request. Forged is signed by a key that the gateway does not know.
	Token  func() (string, error)
	Forged string
}

func (t Target) web(ctx context.Context, path string, header map[string]string) (hop.Answer, error) {
	h := map[string][]string{}
	for k, v := range header {
		h[k] = []string{v}
	}
	a, err := t.Call.Get(ctx, "web", t.HTTP+path, WebHost, h)
	return a, withGatewayPlace(err)
}

// withGatewayPlace corrects the hop of a request that reached no service. Without an answer it
// failed at the gateway; with an answer of the gateway it failed behind the gateway.
func withGatewayPlace(err error) error {
	var f *hop.Failure
	if !errors.As(err, &f) || f.From != "load" {
		return err
	}
	g := *f
	if isAnswer(f) {
		g.From = "ingress"
	} else {
		g.To = "ingress"
	}
	return &g
}

// isAnswer reports whether the first hop failed with an answer, which starts with its status.
func isAnswer(f *hop.Failure) bool {
	var status int
	n, _ := fmt.Sscanf(f.What, "%d", &status)
	return f.Wrong || n == 1
}
