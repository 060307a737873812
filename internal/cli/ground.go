// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"

	"k8s.io/client-go/dynamic"

	"github.com/rerig/rerig/internal/cluster"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/install"
)

// ground is a real cluster.
type ground struct {
	*cluster.Cluster
	objects dynamic.Interface // for the installer to compare with
}

// connect reaches the cluster that the global flags name.
func connect(a *app) (home, error) {
	c, err := cluster.Connect(a.kubeconfig, a.context)
	if err != nil {
		return nil, err
	}
	c.Root = a.root
	objects, err := c.Objects()
	if err != nil {
		c.Close()
		return nil, err
	}
	return &ground{c, objects}, nil
}

func (g *ground) Lacks(ctx context.Context, aim aim, needs []install.Need) ([]string, error) {
	wanted, err := g.Needed(ctx, aim == running)
	if err != nil {
		return nil, err
	}
	for _, n := range needs {
		wanted = append(wanted, cluster.Permission{Verb: n.Verb, Group: n.Group, Resource: n.Resource, Namespace: n.Namespace})
	}
	missing, err := g.Missing(ctx, wanted)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, p := range missing {
		lines = append(lines, p.String())
	}
	return lines, nil
}

func (g *ground) Removing(run string) { g.Cluster.Removing = run }

func (g *ground) Swapping(swaps bool) { g.Cluster.Swapping = swaps }

func (g *ground) Record(name string) engine.Journal { return g.Journal(name) }

func (g *ground) Draft(ctx context.Context, w install.Way, s install.Site, revision, version string) (install.Draft, error) {
	s.Objects, s.Config = g.objects, g.Config()
	i := w.At(s)
	d, err := i.Draft(ctx, revision, version)
	g.Installer = i
	return d, err
}
