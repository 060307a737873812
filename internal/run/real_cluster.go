// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rerig/rerig/internal/cluster"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/lease"
	"github.com/rerig/rerig/internal/cluster/record"
	"github.com/rerig/rerig/internal/cluster/rights"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/install"
	"github.com/rerig/rerig/internal/mesh"
)

// realCluster reaches a mesh through its API server.
type realCluster struct {
	*cluster.Cluster
	*record.Store
	*lease.Lease
	mapper meta.RESTMapper // for the installer
}

// Connect reaches the cluster that a kubeconfig and a context name, "" for the
// defaults, with istiod in the root namespace. It sends nothing yet.
func Connect(kubeconfig, context, root string) (Cluster, error) {
	config, err := client.Load(kubeconfig, context)
	if err != nil {
		return nil, err
	}
	mapper, err := install.RESTMapper(config)
	if err != nil {
		return nil, err
	}
	releases, err := install.NewReleases(config, mapper)
	if err != nil {
		return nil, err
	}
	c, err := cluster.New(config, cluster.Options{Root: root, Releases: releases})
	if err != nil {
		return nil, err
	}
	return &realCluster{Cluster: c, Store: c.Records(), Lease: c.Lease(), mapper: mapper}, nil
}

func (r *realCluster) Lacks(ctx context.Context, purpose Purpose, s cluster.Scope, needs []install.Permission) ([]string, error) {
	wanted, err := r.Rights().Needed(ctx, rights.Purpose{Writes: purpose == ToWrite, Removes: s.RemovingRun != ""})
	if err != nil {
		return nil, err
	}
	for _, n := range needs {
		wanted = append(wanted, rights.Right{Verb: n.Verb, Group: n.Group, Resource: n.Resource, Namespace: n.Namespace})
	}
	missing, err := r.Rights().Missing(ctx, wanted)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, m := range missing {
		lines = append(lines, m.String())
	}
	return lines, nil
}

func (r *realCluster) Record(name string) engine.Record { return r.Store.Record(name) }

func (r *realCluster) LeaseHolder(ctx context.Context) (string, error) { return r.Holder(ctx) }

func (r *realCluster) Draft(ctx context.Context, e Environment, d DraftRequest) (install.Draft, cluster.Installer, error) {
	i := approvedInstaller{method: d.Method, environment: r.installEnvironment(e, d)}
	draft, err := i.method.Installer(i.environment).Draft(ctx, d.Revision, d.Version)
	return draft, i, err
}

func (r *realCluster) DraftGateways(
	ctx context.Context, e Environment, d DraftRequest, gateways []mesh.Workload,
) ([]install.GatewayDraft, error) {
	var drafts []install.GatewayDraft
	for _, wl := range gateways {
		draft, err := d.Method.DraftGateway(ctx, r.installEnvironment(e, d), wl, d.Revision, d.Version)
		if err != nil {
			return nil, err
		}
		drafts = append(drafts, draft)
	}
	return drafts, nil
}

// installEnvironment returns the cluster as installers see it.
func (r *realCluster) installEnvironment(e Environment, d DraftRequest) install.Environment {
	return install.Environment{
		Kubeconfig:     e.Kubeconfig,
		Context:        e.Context,
		Root:           e.Root,
		Config:         r.Clients().Config,
		Cluster:        r.Clients().Dynamic,
		Mapper:         r.mapper,
		RevisionsInUse: d.RevisionsInUse,
		Timeout:        d.Timeout,
		Log:            e.Say,
	}
}

func (r *realCluster) Rendered(ctx context.Context, revision string, manifest []*unstructured.Unstructured) (mesh.ControlPlane, error) {
	return r.Cluster.Settings().Rendered(ctx, revision, manifest)
}

func (r *realCluster) Routes(ctx context.Context) (mesh.Routes, error) {
	return r.Settings().Routes(ctx)
}

// approvedInstaller installs only the manifest that was approved.
type approvedInstaller struct {
	method      install.Method
	environment install.Environment
}

func (a approvedInstaller) Install(ctx context.Context, revision, version, rendered string) error {
	e := a.environment
	e.Rendered = rendered
	return a.method.Installer(e).Install(ctx, revision, version)
}
