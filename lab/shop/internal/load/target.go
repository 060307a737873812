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

// RequestTimeout is how long any one request may take: longer than the longest of the services waits for the next.
// All of them are patient, because on a small machine an upgrade makes requests slow, and slow isn't lost.
const RequestTimeout = 15 * time.Second

// Hosts that the gateway routes by.
const (
	WebHost     = "shop.example"
	CatalogHost = "catalog.shop.example"
)

// Target is where the shop's doors are, and what opens them.
type Target struct {
	HTTP    string // base URL of the ingress gateway
	TCP     string // address of the ingress gateway's TCP port
	Plain   string // base URL of the cart itself, past the gateway
	Catalog *catalog.Client
	Call    hop.Caller
	// Token is read anew for each request; Forged is signed by a key that the gateway doesn't know.
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

// withGatewayPlace names the place of a request that never got to a service: whoever asks at the gateway and has no answer
// at all failed at the gateway; whoever was answered by the gateway itself failed behind it.
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

// isAnswer says whether a failure of the first step was an answer: those begin with their status.
func isAnswer(f *hop.Failure) bool {
	var status int
	n, _ := fmt.Sscanf(f.What, "%d", &status)
	return f.Wrong || n == 1
}
