// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/mesh"
)

// stranger is what is read of an object of another project's kind that owns pods:
// as much as those kinds have in common.
type stranger struct {
	read   bool
	unread string
	served string // as what its kind is served
	stamp  mesh.RestartAnnotation
	wanted *int
}

// readStrangers reads, page by page, the objects of each kind that owns a proxy's pods
// and of which nothing is known. What may not be read is told on the workload.
func (c *Cluster) readStrangers(ctx context.Context, l *look) {
	known := map[types.UID]bool{}
	for _, list := range [][]controller{l.found.deployments, l.found.statefulSets, l.found.daemonSets, l.found.rollouts, l.found.replicaSets, l.found.cronJobs} {
		for _, k := range list {
			known[k.uid] = true
		}
	}
	type kind struct {
		api  string
		kind mesh.Kind
	}
	owners := map[kind][]types.UID{}
	for _, p := range l.found.pods {
		o := l.found.root(p)
		own := slices.Contains([]mesh.Kind{mesh.Deployment, mesh.StatefulSet, mesh.DaemonSet, mesh.ReplicaSet, mesh.Job, mesh.CronJob, mesh.BarePod, mesh.StaticPod}, o.kind)
		if k := (kind{o.api, o.kind}); p.Sidecar.Present && !own && !known[o.uid] && !slices.Contains(owners[k], o.uid) {
			owners[k] = append(owners[k], o.uid)
		}
	}
	l.found.strangers = map[types.UID]stranger{}
	for k, uids := range owners {
		found, err := c.strangers(ctx, k.api, string(k.kind))
		for _, uid := range uids {
			f, is := found[uid]
			switch {
			case err != nil:
				f.unread = err.Error()
			case !is:
				f.unread = "it is gone"
			}
			l.found.strangers[uid] = f
		}
	}
}

// strangers are all objects of a kind, by UID.
func (c *Cluster) strangers(ctx context.Context, api, kind string) (map[types.UID]stranger, error) {
	path, err := c.pathOf(ctx, api, kind)
	if err != nil {
		return nil, err
	}
	found := map[types.UID]stranger{}
	for next := ""; ; {
		var page struct {
			metav1.ListMeta `json:"metadata"`
			Items           []struct {
				metav1.ObjectMeta `json:"metadata"`
				Spec              struct {
					Replicas *int `json:"replicas"`
				} `json:"spec"`
				Status struct {
					Desired  *int `json:"desiredNumberScheduled"`
					Replicas *int `json:"replicas"`
				} `json:"status"`
			} `json:"items"`
		}
		body, err := c.plain.Get().AbsPath(path...).Param("limit", fmt.Sprint(pageSize)).Param("continue", next).Do(ctx).Raw()
		if err != nil {
			return nil, reading(kind+" objects of "+api, err)
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return nil, fmt.Errorf("read %s objects of %s: %w", kind, api, err)
		}
		for _, o := range page.Items {
			f := stranger{read: true, served: path[len(path)-1], stamp: stampOf(o.Annotations)}
			for _, n := range []*int{o.Spec.Replicas, o.Status.Desired, o.Status.Replicas} {
				if n != nil && f.wanted == nil {
					f.wanted = n
				}
			}
			found[o.UID] = f
		}
		if next = page.Continue; next == "" {
			return found, nil
		}
	}
}

// pathOf is where objects of a kind are served. Discovery is open to every user,
// and is asked once.
func (c *Cluster) pathOf(ctx context.Context, api, kind string) ([]string, error) {
	base := []string{"/apis", api}
	if !strings.Contains(api, "/") {
		base = []string{"/api", api}
	}
	c.mu.Lock()
	plural, is := c.plurals[api+" "+kind]
	c.mu.Unlock()
	if is {
		return append(base, plural), nil
	}
	body, err := c.plain.Get().AbsPath(base...).Do(ctx).Raw()
	if apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("find the kind %s: %s is not served", kind, api)
	}
	if err != nil {
		return nil, reading("the kinds of "+api, err)
	}
	var list metav1.APIResourceList
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("read the kinds of %s: %w", api, err)
	}
	bare, _, _ := strings.Cut(kind, ".") // its group, where it bears one, stands in api too
	for _, r := range list.APIResources {
		if r.Kind == bare && !strings.Contains(r.Name, "/") {
			c.mu.Lock()
			c.plurals[api+" "+kind] = r.Name
			c.mu.Unlock()
			return append(base, r.Name), nil
		}
	}
	return nil, fmt.Errorf("find the kind %s: %s does not serve it", kind, api)
}

// on adds to a workload what its own object says. Its pods are current when they
// were made after the last restart by a run of ours.
func (f stranger) on(w mesh.Workload) mesh.Workload {
	w.ReadError, w.Resource = f.unread, f.served
	if !f.read {
		return w
	}
	if w.RestartAnnotation = f.stamp; f.wanted == nil {
		w.ReadError = "it does not say how many pods it wants (spec.replicas)"
	} else {
		w.Replicas = *f.wanted
	}
	if !w.RestartAnnotation.At.IsZero() {
		w.Template.Hash = w.RestartAnnotation.At.Format(time.RFC3339)
	}
	for i, p := range w.Pods {
		w.Pods[i].Current = !p.Created.Before(w.RestartAnnotation.At)
	}
	w.Rollout = standing(w)
	w.Rollout.OnDelete = false
	return w
}
