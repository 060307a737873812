// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"cmp"
	"context"
	"io"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/rerig/rerig/internal/cluster/podconn"
	"github.com/rerig/rerig/internal/mesh"
)

const (
	// syncLimit bounds the answer of /debug/syncz: about 1.2 kB a proxy, so 200 000
	// proxies.
	syncLimit = 256 << 20

	versionLimit = 4096

	// parallelIstiods is how many istiods are asked at the same time.
	parallelIstiods = 8
)

// Istiod is a running istiod pod.
type Istiod struct {
	Name, UID, Revision string
	Image, Version      string // the version is the image's tag
	Ready               bool
	Webhooks            []WebhookCall // how the API server calls it
}

// Istiods asks every istiod pod, several at a time, for its version, its proxies
// and the certificates that it presents to them and to the API server. roots are the
// mesh's root certificates in PEM.
func (c *Client) Istiods(ctx context.Context, pods []Istiod, roots []byte) (map[string][]mesh.Istiod, []mesh.Proxy) {
	c.forget(pods)
	istiods, proxies := make([]mesh.Istiod, len(pods)), make([][]mesh.Proxy, len(pods))
	var group errgroup.Group
	group.SetLimit(parallelIstiods)
	for n, p := range pods {
		group.Go(func() error {
			istiods[n], proxies[n] = c.ask(ctx, p)
			if istiods[n].Answers() {
				c.presentsToProxies(ctx, p, roots, &istiods[n])
				c.presentsToAPIServer(ctx, p, &istiods[n])
			}
			return nil
		})
	}
	_ = group.Wait()
	byRevision, all := map[string][]mesh.Istiod{}, []mesh.Proxy(nil)
	for n, p := range pods {
		byRevision[p.Revision] = append(byRevision[p.Revision], istiods[n])
		all = append(all, proxies[n]...)
	}
	return byRevision, all
}

// forget closes the connections to istiods that are gone.
func (c *Client) forget(pods []Istiod) {
	exists := func(uid string) bool {
		return slices.ContainsFunc(pods, func(p Istiod) bool { return p.UID == uid })
	}
	c.pods.Keep(func(e podconn.Endpoint) bool { return e.Port == adminPort || exists(e.UID) })
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.chains, func(h handshake, p presented) bool { return !exists(h.uid) || !p.recent(c.now()) })
}

func (c *Client) endpoint(p Istiod, port int) podconn.Endpoint {
	return podconn.Endpoint{Namespace: c.root, Name: p.Name, UID: p.UID, Port: port}
}

// ask asks one istiod. To istiod a port-forward is loopback, from where it needs
// no token (pilot/pkg/xds/debug.go @1.29.1).
func (c *Client) ask(ctx context.Context, p Istiod) (mesh.Istiod, []mesh.Proxy) {
	i := mesh.Istiod{Pod: p.Name, Ready: p.Ready, Version: p.Version, Build: p.Image}
	at := c.endpoint(p, monitoringPort)
	var version []byte
	err := c.pods.Get(ctx, at, "/version", versionLimit, func(r io.Reader) (err error) {
		version, err = io.ReadAll(r)
		return err
	})
	if err != nil {
		i.NoAnswer = err.Error()
		return i, nil
	}
	i.Version = cmp.Or(readVersion(version), i.Version)
	var proxies []mesh.Proxy
	err = c.pods.Get(ctx, at, "/debug/syncz", syncLimit, func(r io.Reader) (err error) {
		proxies, err = readSyncz(r, p.Name, p.Revision)
		return err
	})
	if err != nil {
		i.NoAnswer = err.Error()
		return i, nil
	}
	return i, proxies
}
