// SPDX-License-Identifier: Apache-2.0

// Package cluster implements the engine's ports on a Kubernetes cluster. A Reader
// observes the mesh, a Writer is the only one that changes it, and a Prober asks
// pods and the API server questions about it.
package cluster

import (
	"context"
	"sync"
	"time"

	"k8s.io/client-go/rest"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/cluster/lease"
	"github.com/rerig/rerig/internal/cluster/podconn"
	"github.com/rerig/rerig/internal/cluster/proxy"
	"github.com/rerig/rerig/internal/cluster/record"
	"github.com/rerig/rerig/internal/cluster/rendered"
	"github.com/rerig/rerig/internal/cluster/rights"
	"github.com/rerig/rerig/internal/cluster/setup"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Options are what a Cluster needs besides its configuration. The zero value has
// the defaults.
type Options struct {
	Root    string           // istiod's namespace; istio-system
	Timeout time.Duration    // for the answer of an istiod, a proxy or a webhook; 5 s
	Now     func() time.Time // the current time; time.Now

	Releases Releases // upgrades Helm releases; nil leaves them alone
}

// Cluster is one Kubernetes cluster with a mesh. Its Observers and Writers share
// connections and what they read rarely.
type Cluster struct {
	shared
	lease  *lease.Lease
	rights *rights.Checker
	cache  *cache
}

// shared is what Readers, Writers and Probers have in common.
type shared struct {
	api     *client.Clients
	pods    *podconn.Pool
	proxies *proxy.Client
	records *record.Store
	root    string
	now     func() time.Time

	releases Releases
}

// cache holds what Readers read rarely.
type cache struct {
	mu          sync.Mutex // guards the fields below; not held during a request
	nodes       []mesh.Node
	nodesAt     time.Time
	nodesDenied bool
	selectors   []podSelector
	selectorsAt time.Time
}

// Scope says what a run reads besides the mesh itself, and which templates it may write.
type Scope struct {
	// RemovingRun is the name of a run that removes a revision or removed one, ""
	// for none: what revisions consist of and what refers to them is read too.
	RemovingRun string

	// Swaps is true for a run that swaps: what selects pods by labels is read too, with
	// GatewaysOnly where the mesh has gateways that could be.
	Swaps        bool
	GatewaysOnly bool // it swaps no sidecars

	// Templates are those that istioctl rendered for gateways, and that the run may write.
	Templates map[mesh.WorkloadRef]rendered.Template
}

// Installer installs a control-plane revision of an Istio version. It is repeated
// from its beginning after an interruption. rendered is the digest of the manifest
// that was approved, "" for any: another manifest is refused.
type Installer interface {
	Install(ctx context.Context, revision, version, rendered string) error
}

// Releases reads and upgrades the Helm releases that manage workloads.
type Releases interface {
	// Of returns the release that manages a Deployment. Where it cannot be upgraded, or not
	// be read, its field Unfit says why.
	Of(ctx context.Context, wl mesh.Workload) mesh.HelmRelease

	// Upgrade makes a change with the verb UpgradeRelease, or only checks it where it is a
	// dry run. An upgrade that a dead process left unfinished is continued.
	Upgrade(ctx context.Context, change step.Change) error
}

// New returns the cluster behind a client configuration. It sends nothing.
func New(config *rest.Config, o Options) (*Cluster, error) {
	if o.Root == "" {
		o.Root = istio.DefaultRoot
	}
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	api, err := client.New(config)
	if err != nil {
		return nil, err
	}
	pods, records := podconn.NewPool(config, o.Timeout), record.NewStore(api, o.Root, o.Now)
	s := shared{
		api: api, pods: pods, proxies: proxy.NewClient(pods, o.Root, o.Now), records: records, root: o.Root, now: o.Now, releases: o.Releases,
	}
	return &Cluster{shared: s, lease: lease.New(api, o.Root, o.Now), rights: rights.NewChecker(api, records, o.Root), cache: &cache{}}, nil
}

// Observer returns the engine's port to read the mesh, for a run of this scope.
func (c *Cluster) Observer(s Scope) engine.Observer {
	return struct {
		*Reader
		*Prober
	}{NewReader(c, s), NewProber(c)}
}

// Writer returns the engine's port to write to the mesh, for a run of this scope.
// installer may be nil for a run that installs nothing.
func (c *Cluster) Writer(s Scope, installer Installer) engine.Writer {
	return struct {
		*Writer
		*Prober
	}{NewWriter(c, s, installer), NewProber(c)}
}

// Settings returns a reader of the settings of control planes.
func (c *Cluster) Settings() *setup.Reader { return setup.NewReader(c.api, c.root) }

// Records returns the cluster's MeshUpgrades.
func (c *Cluster) Records() *record.Store { return c.records }

// Lease returns the Lease that says which process works on the mesh.
func (c *Cluster) Lease() *lease.Lease { return c.lease }

// Rights asks which rights the user has.
func (c *Cluster) Rights() *rights.Checker { return c.rights }

// Clients returns the clients of the API server.
func (c *Cluster) Clients() *client.Clients { return c.api }

// DeleteSavedCopies deletes one Secret with saved copies.
func (c *Cluster) DeleteSavedCopies(ctx context.Context, s SavedCopies) error {
	return NewWriter(c, Scope{}, nil).deleteSavedCopies(ctx, s)
}

// Close closes the connections to pods.
func (c *Cluster) Close() { c.pods.Close() }
