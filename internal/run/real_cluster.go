// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/dynamic"

	"github.com/rerig/rerig/internal/cluster"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/install"
)

// realCluster reaches a mesh through its API server.
type realCluster struct {
	*cluster.Cluster
	objects dynamic.Interface // for the installer to compare with
	mapper  meta.RESTMapper
}

// Connect reaches the cluster that a kubeconfig and a context name, "" for the
// defaults, with istiod in the root namespace. It sends nothing yet.
func Connect(kubeconfig, context, root string) (Cluster, error) {
	c, err := cluster.Connect(kubeconfig, context)
	if err != nil {
		return nil, err
	}
	c.Root = root
	objects, err := c.Objects()
	if err != nil {
		c.Close()
		return nil, err
	}
	mapper, err := install.RESTMapper(c.Config())
	if err != nil {
		c.Close()
		return nil, err
	}
	return &realCluster{Cluster: c, objects: objects, mapper: mapper}, nil
}

func (r *realCluster) Lacks(ctx context.Context, purpose Purpose, needs []install.Permission) ([]string, error) {
	wanted, err := r.Needed(ctx, purpose == ToWrite)
	if err != nil {
		return nil, err
	}
	for _, n := range needs {
		wanted = append(wanted, cluster.Permission{Verb: n.Verb, Group: n.Group, Resource: n.Resource, Namespace: n.Namespace})
	}
	missing, err := r.Missing(ctx, wanted)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, p := range missing {
		lines = append(lines, p.String())
	}
	return lines, nil
}

func (r *realCluster) Removing(run string) { r.Cluster.Removing = run }

func (r *realCluster) Swapping(swaps bool) { r.Cluster.Swapping = swaps }

func (r *realCluster) Record(name string) engine.Record { return r.Journal(name) }

func (r *realCluster) Draft(ctx context.Context, w install.Method, s install.Environment, revision, version string) (install.Draft, error) {
	s.Cluster, s.Mapper, s.Config = r.objects, r.mapper, r.Config()
	i := w.Installer(s)
	d, err := i.Draft(ctx, revision, version)
	r.Installer = i
	return d, err
}
