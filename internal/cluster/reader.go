// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"

	"github.com/rerig/rerig/internal/cluster/proxy"
	"github.com/rerig/rerig/internal/cluster/setup"
	"github.com/rerig/rerig/internal/mesh"
)

// Reader observes the mesh.
type Reader struct {
	shared
	*setup.Reader
	scope Scope
	cache *cache
}

// NewReader returns a reader for a run of this scope.
func NewReader(c *Cluster, s Scope) *Reader {
	return &Reader{shared: c.shared, Reader: setup.NewReader(c.api, c.root), scope: s, cache: c.cache}
}

// observation is a World that is being read.
type observation struct {
	world           mesh.World
	found           readings
	roots           []byte // the mesh's root certificates, PEM
	planes          []plane
	istiods         []proxy.Istiod
	injectors       []injectorCall    // how injection webhooks are called, each once
	selecting       []corev1.Service  // Services of the root namespace that select pods
	rootServices    []string          // names of the Services in the root namespace
	serviceRevision map[string]string // a Service of the root namespace -> the revision whose istiods it selects
	tagServices     map[string]string // a tag -> the revision that its Service selects
	tagOwners       []tagOwner        // who manages the webhooks of tags
	references      []mesh.Reference  // to revisions, by labels and annotations
	validators      []webhookCaller   // every configuration of validating webhooks
	mutators        []webhookCaller   // every configuration of mutating webhooks, without those of tags
	daemonSetCalls  []serviceCall     // of DaemonSets
	usage           map[string]usage  // of nodes, by their names

	removes bool // what revisions consist of, and what refers to them, is read

	mu sync.Mutex // guards world.Capacity.Unknown, which several reads fill
}

// Observe reads the mesh: some pages from the API server, and a question to each
// istiod pod. It reads a workload before its pods, and pods before the ReplicaSets
// that own them. So a pod never seems newer than it is where something changes
// meanwhile.
func (r *Reader) Observe(ctx context.Context) (mesh.World, error) {
	o := &observation{world: mesh.World{RootNamespace: r.root}, removes: r.scope.RemovingRun != ""}
	for _, reads := range [][]read{
		{
			r.readDefined, r.readRoots, r.readWebhooks, r.readValidator, r.readValidators, r.readComponents, r.readSavedCopies, r.readReferences,
			r.readServices, r.readNamespaces, r.readDeployments, r.readStatefulSets, r.readDaemonSets, r.readRollouts, r.readCronJobs,
			r.readNodes, r.readQuotas, r.readAutoscalers,
		},
		{r.readPods, r.readPodSelectors, r.readAPIGateways},
	} {
		if err := together(ctx, o, reads); err != nil {
			return mesh.World{}, err
		}
	}
	if err := r.readRootsElsewhere(ctx, o); err != nil {
		return mesh.World{}, err
	}
	var istiods map[string][]mesh.Istiod
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		istiods, o.world.Proxies = r.proxies.Istiods(ctx, o.istiods, o.roots)
	}()
	err := together(ctx, o, []read{r.readPodOwners, r.readEndpoints})
	<-asked
	if err != nil {
		return mesh.World{}, err
	}
	if ctx.Err() != nil {
		return mesh.World{}, ctx.Err()
	}
	r.readCustomOwners(ctx, o)
	o.subtractUsage()
	o.found.now = r.now()
	o.world.Namespaces = o.found.namespaces
	o.world.Workloads = o.found.workloads()
	o.world.SeparateMeshes()
	o.world.Tags = tagsOf(o.world.Webhooks, o.tagServices, o.tagOwners)
	o.world.Validator = validatorOf(o.world.Validator, o.serviceRevision)
	o.markUnreached()
	o.world.Revisions = revisionsOf(r.root, o.planes, o.world.Webhooks, o.rootServices, istiods)
	if o.removes {
		o.world.Components = mergeComponents(o.world.Components, o.ownValidators())
		o.world.References = o.allReferences()
	}
	o.world.Sort()
	r.readReleases(ctx, o)
	return o.world, r.readContestedGateways(ctx, o)
}

// read reads a part of the mesh into fields of the observation that are its own.
type read func(context.Context, *observation) error

// together runs reads that do not depend on each other at the same time.
func together(ctx context.Context, o *observation, reads []read) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, read := range reads {
		group.Go(func() error { return read(ctx, o) })
	}
	return group.Wait()
}
