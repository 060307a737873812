// SPDX-License-Identifier: Apache-2.0

// Package cluster makes the engine's ports real: it reads a mesh from the API
// server and from istiods, and everything that is written to a cluster leaves
// through here.
package cluster

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"k8s.io/client-go/dynamic"
	admissionregistration "k8s.io/client-go/kubernetes/typed/admissionregistration/v1"
	apps "k8s.io/client-go/kubernetes/typed/apps/v1"
	authorization "k8s.io/client-go/kubernetes/typed/authorization/v1"
	autoscaling "k8s.io/client-go/kubernetes/typed/autoscaling/v2"
	batch "k8s.io/client-go/kubernetes/typed/batch/v1"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"
	core "k8s.io/client-go/kubernetes/typed/core/v1"
	discovery "k8s.io/client-go/kubernetes/typed/discovery/v1"
	networking "k8s.io/client-go/kubernetes/typed/networking/v1"
	policy "k8s.io/client-go/kubernetes/typed/policy/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
)

// DefaultRoot is the namespace in which Istio lives unless it was told otherwise.
const DefaultRoot = "istio-system"

// Cluster is one Kubernetes cluster with a mesh in it. It observes and acts for
// the engine; Journal gives the third port.
type Cluster struct {
	// Root is the namespace in which istiod lives.
	Root string

	// Patience is how long one istiod or one proxy may take to answer.
	Patience time.Duration

	// Installer puts control-plane revisions in; without one, Act refuses to.
	Installer Installer

	// Removing is the run that takes a revision away, or took one away; then it is
	// read as well what revisions are made of, and what names them. "" reads none.
	Removing string

	// Swapping has looks tell what goes by the labels of pods: a swap changes them.
	Swapping bool

	// Now tells the time at which certificates are verified.
	Now func() time.Time

	admission     admissionregistration.AdmissionregistrationV1Interface
	apps          apps.AppsV1Interface
	autoscaling   autoscaling.AutoscalingV2Interface
	batch         batch.BatchV1Interface
	authorization authorization.AuthorizationV1Interface
	coordination  coordination.CoordinationV1Interface
	core          core.CoreV1Interface
	discovery     discovery.DiscoveryV1Interface
	metadata      metadata.Interface
	networking    networking.NetworkingV1Interface
	policy        policy.PolicyV1Interface
	objects       dynamic.Interface
	plain         rest.Interface // for kinds that have no typed client: JSON, absolute paths
	pods          *pods

	mu          sync.Mutex
	plurals     map[string]string // "apiVersion Kind" -> what it is served as
	nodes       []mesh.Node       // as they were read at nodesAt
	nodesAt     time.Time
	nodesDenied bool
	selecting   []selecting // as it was read at selectingAt
	selectingAt time.Time
	presented   map[string]presented // by an istiod pod's UID
}

// Installer puts a control-plane revision of an Istio version into the cluster.
// It is repeated whole after an interruption.
type Installer interface {
	Install(ctx context.Context, revision, version string) error
}

var (
	_ engine.Observer = (*Cluster)(nil)
	_ engine.Writer   = (*Cluster)(nil)
)

// New returns the cluster behind a client configuration. It sends nothing yet.
func New(config *rest.Config) (*Cluster, error) {
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("prepare the connection to the cluster: %w", err)
	}
	return newCluster(config, client)
}

func newCluster(config *rest.Config, client *http.Client) (*Cluster, error) {
	c := &Cluster{Root: DefaultRoot, Patience: 5 * time.Second, Now: time.Now, pods: newPods(config), plurals: map[string]string{}, presented: map[string]presented{}}
	compact := rest.CopyConfig(config)
	compact.ContentType = "application/vnd.kubernetes.protobuf"
	compact.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	var errs [13]error
	c.admission, errs[0] = admissionregistration.NewForConfigAndClient(compact, client)
	c.apps, errs[1] = apps.NewForConfigAndClient(compact, client)
	c.authorization, errs[2] = authorization.NewForConfigAndClient(compact, client)
	c.coordination, errs[3] = coordination.NewForConfigAndClient(compact, client)
	c.core, errs[4] = core.NewForConfigAndClient(compact, client)
	c.metadata, errs[5] = metadata.NewForConfigAndClient(config, client)
	c.plain, errs[6] = plainClient(config, client)
	c.batch, errs[7] = batch.NewForConfigAndClient(compact, client)
	c.objects, errs[8] = dynamic.NewForConfigAndClient(config, client)
	c.autoscaling, errs[9] = autoscaling.NewForConfigAndClient(compact, client)
	c.discovery, errs[10] = discovery.NewForConfigAndClient(compact, client)
	c.networking, errs[11] = networking.NewForConfigAndClient(compact, client)
	c.policy, errs[12] = policy.NewForConfigAndClient(compact, client)
	for _, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("prepare the connection to the cluster: %w", err)
		}
	}
	return c, nil
}

// Close ends the connections to pods that were kept open between observations.
func (c *Cluster) Close() { c.pods.close() }
