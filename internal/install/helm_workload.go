// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"helm.sh/helm/v4/pkg/action"
	chartcommon "helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/release/common"
	release "helm.sh/helm/v4/pkg/release/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/sensitive"
)

// Releases reads and upgrades the Helm releases that manage workloads, so that the value
// changes which renders the label istio.io/rev of a workload's template.
type Releases struct {
	config *rest.Config
	api    kubernetes.Interface
	stored metadata.Interface // lists Secrets without their content
	reader clusterReader
	now    func() time.Time

	mu           sync.Mutex // serializes the methods; held during requests
	helm         map[string]*action.Configuration
	capabilities *capabilities
	denied       map[string]string    // a namespace -> which right to its Secrets is missing, "" for none
	known        map[string]knownPlan // a workload -> what Of returned
}

// capabilities are what charts ask about a cluster.
type capabilities struct {
	version *chartcommon.KubeVersion
	apis    chartcommon.VersionSet
}

var secretResource = schema.GroupVersionResource{Version: "v1", Resource: "secrets"}

// knownPlan is what Of returned for the versions of a release, and when.
type knownPlan struct {
	versions string
	at       time.Time
	release  mesh.HelmRelease
}

// knownFor is how long Of uses what it found for the same versions of a release. Others may
// change the objects of the release meanwhile; an upgrade compares them again.
const knownFor = 15 * time.Second

// NewReleases returns the releases of the cluster behind a client configuration. It sends
// nothing.
func NewReleases(config *rest.Config, mapper meta.RESTMapper) (*Releases, error) {
	api, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("prepare Helm: %w", err)
	}
	stored, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("prepare Helm: %w", err)
	}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("prepare Helm: %w", err)
	}
	return &Releases{
		config: config, api: api, stored: stored, reader: clusterReader{client: objects, mapper: mapper}, now: time.Now,
		helm: map[string]*action.Configuration{}, denied: map[string]string{}, known: map[string]knownPlan{},
	}, nil
}

// Of returns the release that manages a Deployment. Where it cannot be upgraded, or not be
// read, its field Unfit says why.
func (r *Releases) Of(ctx context.Context, wl mesh.Workload) mesh.HelmRelease {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found mesh.HelmRelease
	found.Namespace, found.Name, _ = wl.HelmReleaseName()
	unfit := func(format string, args ...any) mesh.HelmRelease {
		found.Unfit = fmt.Sprintf(format, args...)
		return found
	}
	versions, err := r.versions(ctx, found.Namespace, found.Name)
	switch {
	case apierrors.IsForbidden(err):
		return unfit("you may not list secrets in namespace %s", found.Namespace)
	case err != nil:
		return unfit("it could not be read: %v", err)
	}
	key := string(wl.Ref())
	if k, is := r.known[key]; is && k.versions == versions+wl.Template.Labels[mesh.RevisionLabel] && r.now().Sub(k.at) < knownFor {
		return k.release
	}
	if lacks := r.lacks(ctx, found.Namespace); lacks != "" {
		return unfit("%s", lacks)
	}
	history, err := r.history(found.Namespace, found.Name)
	if busy, is := errors.AsType[busyRelease](err); is {
		found.Busy = busy.Error()
		return found
	}
	if err != nil {
		return unfit("%v", err)
	}
	found.Chart = history.base.Chart.Name() + " " + history.base.Chart.Metadata.Version
	found.Unfinished = history.unfinished != nil
	w := writtenLabel{workload: wl.Name, namespace: wl.Namespace, live: wl.Template.Labels[mesh.RevisionLabel]}
	if plan, err := r.plan(ctx, history, w); err != nil {
		found.Unfit = sensitive.NewRedactor(history.base.Config).Error(err).Error()
	} else {
		found.Value, found.Renders = plan.path, r.kindsOf(plan)
	}
	r.known[key] = knownPlan{versions: versions + w.live, at: r.now(), release: found}
	return found
}

// versions identifies the stored versions of a release.
func (r *Releases) versions(ctx context.Context, namespace, name string) (string, error) {
	own := metav1.ListOptions{LabelSelector: "owner=helm,name=" + name}
	secrets, err := r.stored.Resource(secretResource).Namespace(namespace).List(ctx, own)
	if err != nil {
		return "", err
	}
	var list []string
	for _, s := range secrets.Items {
		list = append(list, s.Name+"/"+s.ResourceVersion)
	}
	slices.Sort(list)
	return strings.Join(list, " "), nil
}

// lacks names a right to the Secrets of a namespace that the user does not have, "" for none.
func (r *Releases) lacks(ctx context.Context, namespace string) string {
	if missing, is := r.denied[namespace]; is {
		return missing
	}
	for _, p := range releaseStoragePermissions(namespace) {
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: p.Verb, Resource: p.Resource, Namespace: namespace}}}
		answer, err := r.api.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
		if err != nil {
			return fmt.Sprintf("the API server does not say whether you may %s secrets in namespace %s: %v", p.Verb, namespace, err)
		}
		if !answer.Status.Allowed {
			r.denied[namespace] = fmt.Sprintf("you may not %s secrets in namespace %s", p.Verb, namespace)
			return r.denied[namespace]
		}
	}
	r.denied[namespace] = ""
	return ""
}

// releaseHistory are the versions of a release that an upgrade depends on.
type releaseHistory struct {
	base       *release.Release // the one whose objects are live, as Helm sees it
	last       *release.Release // the newest one
	unfinished *release.Release // last, if a run left it unfinished
}

// releaseRunLabel marks the versions of a release that a run deployed. Versions by others
// inherit it (mergeCustomLabels in pkg/action/upgrade.go of Helm 4).
const releaseRunLabel = "rerig.dev/run"

// history reads a release. It is an error if it was never deployed, or if its newest version
// failed or is pending and is not a run's.
func (r *Releases) history(namespace, name string) (h releaseHistory, err error) {
	helm, err := r.helmIn(namespace)
	if err != nil {
		return h, err
	}
	if h.last, err = latestRelease(helm, name); err != nil {
		return h, err
	}
	if h.last == nil {
		return h, fmt.Errorf("namespace %s has no Secret of it", namespace)
	}
	if h.base, err = deployedRelease(helm, name); err != nil {
		return h, err
	}
	if h.base == nil && h.last.Labels[releaseRunLabel] != "" {
		h.base = h.last // a run was killed after all objects were written
	}
	switch status := h.last.Info.Status; {
	case isPending(h.last) && !h.byRun():
		return h, busyRelease{h.last}
	case h.base == nil:
		return h, fmt.Errorf("its newest version %d is %s, and none is deployed", h.last.Version, status)
	case h.base.Chart == nil || h.base.Chart.Metadata == nil:
		return h, errors.New("its chart is not stored")
	case status == common.StatusDeployed:
	case h.byRun() && (isPending(h.last) || status == common.StatusFailed):
		h.unfinished = h.last
	default:
		return h, fmt.Errorf("its newest version %d is %s", h.last.Version, status)
	}
	return h, nil
}

// byRun reports whether a run has begun the newest version of a release: it has a run's
// label, the same chart as the one before, and the same values but one text.
func (h releaseHistory) byRun() bool {
	return h.last.Labels[releaseRunLabel] != "" && h.base != nil && h.base.Chart != nil && h.last.Chart != nil &&
		h.last.Chart.Name() == h.base.Chart.Name() && reflect.DeepEqual(h.last.Chart.Metadata, h.base.Chart.Metadata) &&
		differingTexts(h.base.Config, h.last.Config) <= 1
}

// differingTexts returns how many texts differ between two values of a chart, and more than
// one where anything else does.
func differingTexts(a, b map[string]any) int {
	const other = 2
	n := 0
	for key := range b {
		if _, is := a[key]; !is {
			n++ // a text that was not set before, or anything else
			if _, text := b[key].(string); !text {
				return other
			}
		}
	}
	for key, value := range a {
		switch v := value.(type) {
		case map[string]any:
			under, is := b[key].(map[string]any)
			if !is {
				return other
			}
			n += differingTexts(v, under)
		case string:
			if was, is := b[key].(string); !is {
				return other
			} else if was != v {
				n++
			}
		default:
			if !reflect.DeepEqual(value, b[key]) {
				return other
			}
		}
	}
	return n
}

// busyRelease says that another process works on a release, or has left it pending.
type busyRelease struct{ last *release.Release }

func (b busyRelease) Error() string {
	r := b.last
	return fmt.Sprintf("its version %d is %s since %s, and Rerig did not start that. "+
		"Wait until it is done; if no helm process runs any more, run `helm rollback %s -n %s`",
		r.Version, r.Info.Status, r.Info.LastDeployed.UTC().Format(time.RFC3339), r.Name, r.Namespace)
}

// helmIn returns Helm for a namespace. It is prepared once: an upgrade has to be quick.
func (r *Releases) helmIn(namespace string) (*action.Configuration, error) {
	if helm, is := r.helm[namespace]; is {
		return helm, nil
	}
	client, err := restClientGetter{r.config, namespace}.ToDiscoveryClient()
	if err != nil {
		return nil, fmt.Errorf("prepare Helm: %w", err)
	}
	helm := action.NewConfiguration(action.ConfigurationSetLogger(discardLogs))
	getter := cachedGetter{restClientGetter: restClientGetter{r.config, namespace}, discovery: client, mapper: r.reader.mapper}
	if err := helm.Init(getter, namespace, "secret"); err != nil {
		return nil, fmt.Errorf("prepare Helm: %w", err)
	}
	r.helm[namespace] = helm
	return helm, nil
}

// cachedGetter gives Helm access to the cluster, with one discovery for all requests.
type cachedGetter struct {
	restClientGetter
	discovery discovery.CachedDiscoveryInterface
	mapper    meta.RESTMapper
}

func (g cachedGetter) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	return g.discovery, nil
}

func (g cachedGetter) ToRESTMapper() (meta.RESTMapper, error) { return g.mapper, nil }

// kindsOf returns the kinds that a release renders, each once.
func (r *Releases) kindsOf(p releasePlan) []mesh.HelmObjectKind {
	var list []mesh.HelmObjectKind
	for _, o := range p.manifest {
		resource, _, _ := r.reader.resource(o.GroupVersionKind())
		kind := mesh.HelmObjectKind{Group: resource.Group, Resource: resource.Resource, Namespace: objectOf(o).Namespace}
		if !slices.Contains(list, kind) {
			list = append(list, kind)
		}
	}
	return list
}
