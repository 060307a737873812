// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"context"
	"io"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"

	"github.com/rerig/rerig/internal/mesh"
)

const (
	debugPort = 15014

	// longestSyncz bounds an answer: some 1.2 kB a proxy, so 200 000 proxies.
	longestSyncz = 256 << 20

	// asked is how many istiods are asked at the same time.
	asked = 8
)

// istiodPod is an istiod pod that runs.
type istiodPod struct {
	name, uid, revision, image string
	ready                      bool
}

// istiodPodOf is false for pods that are none of istiod's, do not run, or were
// asked to end: what those still say is not worth waiting for.
func istiodPodOf(p *corev1.Pod, root string) (istiodPod, bool) {
	if p.Namespace != root || p.Labels["app"] != istiodApp || p.Status.Phase != corev1.PodRunning || p.DeletionTimestamp != nil {
		return istiodPod{}, false
	}
	i := istiodPod{name: p.Name, uid: string(p.UID), revision: revisionOf(p.Labels), ready: ready(p)}
	if len(p.Spec.Containers) > 0 {
		i.image = p.Spec.Containers[0].Image
	}
	for _, c := range p.Spec.Containers {
		if c.Name == "discovery" {
			i.image = c.Image
		}
	}
	return i, true
}

// askAll asks every istiod pod for its version, its proxies and the certificate that
// it shows them, several at once.
func (c *Cluster) askAll(ctx context.Context, pods []istiodPod, bundle []byte) (map[string][]mesh.Istiod, []mesh.Proxy) {
	c.forget(pods)
	istiods, proxies := make([]mesh.Istiod, len(pods)), make([][]mesh.Proxy, len(pods))
	var group errgroup.Group
	group.SetLimit(asked)
	for n, p := range pods {
		group.Go(func() error {
			istiods[n], proxies[n] = c.ask(ctx, p)
			if istiods[n].Answers() {
				istiods[n].PortClosed, istiods[n].CertificateNotValid, istiods[n].ForeignRoot = c.presents(ctx, p, bundle)
			}
			return nil
		})
	}
	_ = group.Wait()
	byRevision, all := map[string][]mesh.Istiod{}, []mesh.Proxy(nil)
	for n, p := range pods {
		byRevision[p.revision] = append(byRevision[p.revision], istiods[n])
		all = append(all, proxies[n]...)
	}
	return byRevision, all
}

// forget closes the doors to istiods that are gone.
func (c *Cluster) forget(pods []istiodPod) {
	there := func(uid string) bool {
		return slices.ContainsFunc(pods, func(p istiodPod) bool { return p.uid == uid })
	}
	c.pods.keep(func(e endpoint) bool { return e.port != debugPort && e.port != discoveryPort || there(e.uid) })
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.presented, func(uid string, _ presented) bool { return !there(uid) })
}

// ask speaks to one istiod through a port-forward, which istiod takes for
// loopback and lets pass without a token (pilot/pkg/xds/debug.go @1.29.1).
func (c *Cluster) ask(ctx context.Context, p istiodPod) (mesh.Istiod, []mesh.Proxy) {
	i := mesh.Istiod{Pod: p.name, Ready: p.ready, Version: tagOf(p.image), Build: p.image}
	at := endpoint{c.Root, p.name, p.uid, debugPort}
	var version []byte
	err := c.pods.get(ctx, at, "/version", c.Patience, 4096, func(r io.Reader) (err error) {
		version, err = io.ReadAll(r)
		return err
	})
	if err != nil {
		i.NoAnswer = err.Error()
		return i, nil
	}
	i.Version = cmp.Or(readVersion(version), i.Version)
	var proxies []mesh.Proxy
	err = c.pods.get(ctx, at, "/debug/syncz", c.Patience, longestSyncz, func(r io.Reader) (err error) {
		proxies, err = readSyncz(r, p.name, p.revision)
		return err
	})
	if err != nil {
		i.NoAnswer = err.Error()
		return i, nil
	}
	return i, proxies
}
