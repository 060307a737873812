// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/cluster"
	"github.com/rerig/rerig/internal/install"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Permitted returns an error that names, verb by verb, what the caller may not do.
func Permitted(ctx context.Context, c Cluster, purpose Purpose, needs []install.Permission) error {
	lacking, err := c.Lacks(ctx, purpose, needs)
	if err != nil || len(lacking) == 0 {
		return err
	}
	return fmt.Errorf("check permissions (nothing was changed): you may not\n  %s\nask for a role that allows this, or use another --context",
		strings.Join(lacking, "\n  "))
}

// planNeeds returns the permissions that some plans need and others don't.
func planNeeds(w mesh.World, stages []step.Stage, root string) []install.Permission {
	return append(stepNeeds(stages, root), fieldNeeds(w, stages)...)
}

// kindPermissions are, by the kind of a step, the permissions that a plan with
// such a step needs.
var kindPermissions = map[step.Kind]func() []cluster.Permission{
	step.Trial:        cluster.Trying,
	step.DeleteTrial:  cluster.Trying,
	step.Swap:         cluster.Swapping,
	step.DeleteParked: cluster.Swapping,
}

// subjectPermissions are, by the kind of a step, the permissions that each such
// step needs for its own subject.
var subjectPermissions = map[step.Kind]func(root, subject string) []cluster.Permission{
	step.Tag: cluster.Retagging,
}

func stepNeeds(stages []step.Stage, root string) []install.Permission {
	var needs []install.Permission
	asked := map[install.Permission]bool{}
	add := func(permissions []cluster.Permission) {
		for _, p := range permissions {
			n := install.Permission{Verb: p.Verb, Group: p.Group, Resource: p.Resource, Namespace: p.Namespace}
			if !asked[n] {
				asked[n] = true
				needs = append(needs, n)
			}
		}
	}
	seen := map[step.Kind]bool{}
	for _, s := range step.Flat(stages) {
		if permissions := subjectPermissions[s.Kind]; permissions != nil {
			add(permissions(root, s.Subject))
		}
		if permissions := kindPermissions[s.Kind]; permissions != nil && !seen[s.Kind] {
			seen[s.Kind] = true
			add(permissions())
		}
	}
	return needs
}

// fieldNeeds returns what it takes to write into objects whose kinds most plans
// leave alone (those of other projects, CronJobs and bare ReplicaSets), in the
// namespaces of the plan's steps.
func fieldNeeds(w mesh.World, stages []step.Stage) []install.Permission {
	workloads := map[string]mesh.Workload{}
	for _, wl := range w.Workloads {
		workloads[wl.Key()] = wl
	}
	var needs []install.Permission
	for _, s := range step.Flat(stages) {
		wl, ok := workloads[s.Subject]
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
