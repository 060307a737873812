// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// instantClock lets time pass at once.
type instantClock struct {
	mutex sync.Mutex
	now   time.Time
}

func (c *instantClock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now
}

func (c *instantClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.now = c.now.Add(d)
	return ctx.Err()
}

// shop returns a cluster with a small mesh on 1-29-1.
func shop() *fakeCluster {
	w := mesh.World{RootNamespace: "istio-system", Roots: []string{"0123456789abcdef"}}
	addControlPlane(&w, "1-29-1", "1.29.1")
	w.Tags = []mesh.Tag{{Name: "default", Revision: "1-29-1"}}
	w.Webhooks = append(w.Webhooks, mesh.Webhook{Configuration: "istio-revision-tag-default", Name: "namespace.sidecar-injector.istio.io",
		Revision: "1-29-1", Tag: "default", Roots: w.Roots,
		Namespaces: mesh.Selector{{Key: mesh.InjectionLabel, Operator: mesh.In, Values: []string{"enabled"}}}})
	w.Namespaces = []mesh.Namespace{{Name: "istio-system"}, {Name: "plain"},
		{Name: "shop-data", Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}},
		{Name: "shop-web", Labels: map[string]string{mesh.InjectionLabel: "enabled", "team": "web"}}}
	addWorkload(&w, mesh.Workload{Kind: mesh.StatefulSet, Namespace: "shop-data", Name: "db"})
	addWorkload(&w, mesh.Workload{Kind: mesh.Deployment, Namespace: "shop-web", Name: "web",
		Template: mesh.Template{Containers: []mesh.Container{{Name: "app"}}}})
	addWorkload(&w, mesh.Workload{Kind: mesh.Deployment, Namespace: "istio-system", Name: "istio-ingressgateway", Gateway: true,
		Template: mesh.Template{Proxy: true, Labels: map[string]string{mesh.SidecarLabel: "false"}}})
	w.Sort()
	return &fakeCluster{world: w, ledgers: map[string]step.Ledger{}}
}

func addControlPlane(w *mesh.World, revision, version string) {
	w.Revisions = append(w.Revisions, mesh.Revision{Name: revision, Version: version, Replicas: 1, Ready: 1,
		Istiods: []mesh.Istiod{{Pod: "istiod-" + revision, Ready: true, Version: version, Build: version}}})
	w.Webhooks = append(w.Webhooks, mesh.Webhook{
		Configuration: "istio-sidecar-injector-" + revision, Name: "rev.namespace.sidecar-injector.istio.io",
		Revision: revision, Roots: w.Roots,
		Namespaces: mesh.Selector{
			{Key: mesh.InjectionLabel, Operator: mesh.DoesNotExist},
			{Key: mesh.RevisionLabel, Operator: mesh.In, Values: []string{revision}},
		},
	})
}

func addWorkload(w *mesh.World, wl mesh.Workload) {
	wl.Replicas, wl.Rollout.Done, wl.Template.Hash = 2, true, "t"
	for i := range wl.Replicas {
		name := fmt.Sprintf("%s-%d", wl.Name, i)
		wl.Pods = append(wl.Pods, mesh.Pod{Name: name, UID: name, Running: true, Ready: true, Current: true,
			Sidecar: mesh.Sidecar{Present: true, Revision: "1-29-1", Version: "1.29.1"}})
		w.Proxies = append(w.Proxies, mesh.Proxy{Namespace: wl.Namespace, Pod: name, Router: wl.Gateway, Version: "1.29.1",
			Istiod: "istiod-1-29-1", Revision: "1-29-1", Sent: []string{"CDS", "LDS"}})
	}
	w.Workloads = append(w.Workloads, wl)
}

func versionOf(w mesh.World, revision string) string {
	r, _ := w.Revision(revision)
	return r.Version
}
