// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/rerig/rerig/internal/mesh"
)

// look is one observation in the making.
type look struct {
	world    mesh.World
	found    readings
	roots    []byte // the mesh's root certificates, PEM
	planes   []plane
	services []string
	behind   map[string]string // Service of the root namespace -> the revision whose istiods it selects
	claims   []mesh.Reference
	claimed  bool              // what claims a revision was looked for
	called   []call            // by validators
	pointed  []call            // by DaemonSets
	tagged   map[string]string // tag -> the revision that its Service selects
	owners   [][2]string       // tag, and who keeps its webhooks as they are
	istiods  []istiodPod
	spent    map[string]spent // by node
	mu       sync.Mutex       // of what several reads fill
}

// Observe reads the mesh: some pages from the API server, and one question for
// each istiod pod. What changes while it reads is seen from one side only: a
// workload before its pods, its pods before the ReplicaSets that own them, so
// that a pod never looks newer than it is.
func (c *Cluster) Observe(ctx context.Context) (mesh.World, error) {
	l := &look{world: mesh.World{RootNamespace: c.Root}, behind: map[string]string{}}
	for _, reads := range [][]func(context.Context, *look) error{
		{c.readDefined, c.readRoots, c.readWebhooks, c.readValidator, c.readValidators, c.readBelongings, c.readKept, c.readClaims, c.readServices, c.readNamespaces, c.readDeployments, c.readStatefulSets, c.readDaemonSets,
			c.readRollouts, c.readCronJobs, c.readNodes, c.readQuotas, c.readScalers, c.readSelecting},
		{c.readPods},
	} {
		if err := together(ctx, l, reads); err != nil {
			return mesh.World{}, err
		}
	}
	if err := c.readRootsElsewhere(ctx, l); err != nil {
		return mesh.World{}, err
	}
	var istiods map[string][]mesh.Istiod
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		istiods, l.world.Proxies = c.askAll(ctx, l.istiods, l.roots)
	}()
	err := together(ctx, l, []func(context.Context, *look) error{c.readLinks, c.readEndpoints})
	<-asked
	if err != nil {
		return mesh.World{}, err
	}
	if ctx.Err() != nil {
		return mesh.World{}, ctx.Err()
	}
	c.readStrangers(ctx, l)
	l.spend()
	l.found.now = c.Now()
	l.world.Namespaces = l.found.namespaces
	l.world.Workloads = l.found.workloads()
	l.world.Tags = tagsOf(l.world.Webhooks, l.tagged, l.owners)
	l.world.Validator = validatorOf(l.world.Validator, l.behind)
	l.world.Revisions = revisionsOf(c.Root, l.planes, l.world.Webhooks, l.services, istiods)
	l.world.Referrers = l.claimsOf()
	l.world.Sort()
	return l.world, nil
}

// together runs reads that don't depend on each other. Each one fills fields of
// the look that are its own.
func together(ctx context.Context, l *look, reads []func(context.Context, *look) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, read := range reads {
		group.Go(func() error { return read(ctx, l) })
	}
	return group.Wait()
}
