// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/cluster"
	"github.com/rerig/rerig/internal/cluster/rights"
	"github.com/rerig/rerig/internal/install"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Permitted returns an error that names, verb by verb, what the caller may not do.
func Permitted(ctx context.Context, c Cluster, purpose Purpose) error {
	return permitted(ctx, c, purpose, cluster.Scope{}, nil)
}

// PermittedBesides returns an error that names what the caller may not do of what a
// command needs besides reading the mesh.
func PermittedBesides(ctx context.Context, c Cluster, needs []install.Permission) error {
	return permitted(ctx, c, ToRead, cluster.Scope{}, needs)
}

// Permitted returns an error that names, verb by verb, what the caller may not do
// of what the run and an installer need.
func (r *Run) Permitted(ctx context.Context, c Cluster, purpose Purpose, needs []install.Permission) error {
	return permitted(ctx, c, purpose, r.scope, needs)
}

// LacksToInstall names what the caller may not do of what the run's installer needs.
func (r *Run) LacksToInstall(ctx context.Context, c Cluster) ([]string, error) {
	if len(r.needs) == 0 {
		return nil, nil
	}
	return c.Lacks(ctx, ToRead, r.scope, r.needs)
}

func permitted(ctx context.Context, c Cluster, purpose Purpose, s cluster.Scope, needs []install.Permission) error {
	lacking, err := c.Lacks(ctx, purpose, s, needs)
	if err != nil || len(lacking) == 0 {
		return err
	}
	return fmt.Errorf("check permissions (nothing was changed): you may not\n  %s\nask for a role that allows this, or use another --context",
		strings.Join(lacking, "\n  "))
}

// planNeeds returns the permissions that some plans need and others don't.
func planNeeds(w mesh.World, stages []step.Stage, root string) []install.Permission {
	return slices.Concat(stepNeeds(stages, root), fieldNeeds(w, stages), releaseNeeds(w, stages))
}

// releaseNeeds returns what it takes to upgrade the Helm releases that write labels of
// templates.
func releaseNeeds(w mesh.World, stages []step.Stage) []install.Permission {
	var needs []install.Permission
	for _, s := range step.Flat(stages) {
		if s.Kind != step.Swap || s.TemplateLabel == "" {
			continue
		}
		if wl, _ := w.Workload(s.Workload()); wl.Release.Writes() {
			needs = append(needs, permissionsOf(rights.UpgradingRelease(wl.Release))...)
		}
	}
	return needs
}

func permissionsOf(list []rights.Right) []install.Permission {
	var needs []install.Permission
	for _, r := range list {
		needs = append(needs, install.Permission{Verb: r.Verb, Group: r.Group, Resource: r.Resource, Namespace: r.Namespace})
	}
	return needs
}

func stepNeeds(stages []step.Stage, root string) []install.Permission {
	return permissionsOf(rights.ForSteps(step.Flat(stages), root))
}

// fieldNeeds returns what it takes to write into objects whose kinds most plans
// leave alone (those of other projects, CronJobs and bare ReplicaSets), in the
// namespaces of the plan's steps.
func fieldNeeds(w mesh.World, stages []step.Stage) []install.Permission {
	workloads := map[string]mesh.Workload{}
	for _, wl := range w.Workloads {
		workloads[string(wl.Ref())] = wl
	}
	var needs []install.Permission
	for _, s := range step.Flat(stages) {
		wl, ok := workloads[string(s.Subject)]
		switch {
		case !ok || s.Kind != step.Restart && s.TemplateLabel == "":
			continue
		case wl.Kind == mesh.CronJob:
			needs = append(needs, install.Permission{Verb: "patch", Group: "batch", Resource: "cronjobs", Namespace: wl.Namespace})
			continue
		case wl.Kind == mesh.ReplicaSet:
			needs = append(needs, install.Permission{Verb: "patch", Group: "apps", Resource: "replicasets", Namespace: wl.Namespace})
			continue
		case s.API == "" || wl.Resource == "":
			continue
		}
		group, _, grouped := strings.Cut(s.API, "/")
		if !grouped {
			group = ""
		}
		needs = append(needs, install.Permission{Verb: "patch", Group: group, Resource: wl.Resource, Namespace: wl.Namespace})
	}
	return needs
}
