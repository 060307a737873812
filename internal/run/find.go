// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/run/spec"
)

// all returns every recorded run, the one that started last at the end.
func all(ctx context.Context, c Cluster) ([]*Run, error) {
	upgrades, err := c.List(ctx)
	if err != nil {
		return nil, err
	}
	runs := make([]*Run, 0, len(upgrades))
	for _, u := range upgrades {
		r, err := fromRecord(u)
		if err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	slices.SortStableFunc(runs, func(a, b *Run) int { return a.Ledger.Started.Compare(b.Ledger.Started) })
	return runs, nil
}

// Find returns the recorded run of a name, nil if there is none. It is an error
// if another run is unfinished: the two would change each other's plans.
func Find(ctx context.Context, c Cluster, name, root string) (*Run, error) {
	runs, err := all(ctx, c)
	if err != nil {
		return nil, err
	}
	var found *Run
	for _, r := range runs {
		switch {
		case r.Name == name:
			found = r
		case !r.Fresh && !r.Ended():
			return nil, fmt.Errorf("begin run %s: run %s, to revision %s%s, is unfinished (%s): "+
				"continue that one, or roll it back with `rerig rollback %s%s`",
				name, r.Name, r.Spec.Revision, r.ofOtherMesh(root), strings.ToLower(string(r.Status.Phase)), r.Name, r.meshFlag(root))
		}
	}
	if found != nil && !spec.SameMesh(root, found.Spec) {
		return nil, errNameTaken(name, []string{"istioNamespace"}, found.meshFlag(root))
	}
	return found, nil
}

// ofOtherMesh names the mesh of a run that is not of the mesh in a root namespace.
func (r *Run) ofOtherMesh(root string) string {
	if spec.SameMesh(root, r.Spec) {
		return ""
	}
	return " of the mesh whose istiod is in namespace " + r.Spec.IstioNamespace
}

// meshFlag returns the flag that names the mesh of such a run in a command.
func (r *Run) meshFlag(root string) string {
	if spec.SameMesh(root, r.Spec) {
		return ""
	}
	return " --istio-namespace " + r.Spec.IstioNamespace
}

// Named returns the run of a name; for "" the unfinished run, or else the one that
// ended last. Only runs of the mesh in a root namespace are looked for; "" is any.
func Named(ctx context.Context, c Cluster, name, root string) (*Run, error) {
	runs, err := all(ctx, c)
	if err != nil {
		return nil, err
	}
	if len(runs) == 0 {
		return nil, errors.New("find the run: this cluster has no record of any; start one with `rerig upgrade --to REVISION`")
	}
	var names []string
	for _, r := range runs {
		switch {
		case r.Name == name && !spec.SameMesh(root, r.Spec):
			return nil, fmt.Errorf("find the run: run %s is one%s, not in %s: leave --istio-namespace out, or give --istio-namespace %s",
				name, r.ofOtherMesh(root), root, r.Spec.IstioNamespace)
		case r.Name == name:
			return r, nil
		}
		names = append(names, r.Name+r.ofOtherMesh(root))
	}
	ours := slices.DeleteFunc(runs, func(r *Run) bool { return !spec.SameMesh(root, r.Spec) })
	if name == "" && len(ours) > 0 {
		return latest(ours), nil
	}
	if name == "" {
		name = "of the mesh whose istiod is in namespace " + root
	}
	return nil, fmt.Errorf("find the run: there is no run %s; this cluster has: %s", name, strings.Join(names, ", "))
}

// latest returns the unfinished run, or else the one that ended last, which need
// not be the one that started last: an older one may have been rolled back since.
func latest(runs []*Run) *Run {
	last := runs[len(runs)-1]
	for _, r := range runs {
		switch {
		case r.Fresh:
			continue
		case !r.Ended():
			return r
		case last.Fresh || !r.Ledger.Ended.Before(last.Ledger.Ended):
			last = r
		}
	}
	return last
}

// laterRuns describes the runs that moved namespaces of a run after it: a rollback
// goes back past them.
func laterRuns(ctx context.Context, c Cluster, r *Run) ([]string, error) {
	runs, err := all(ctx, c)
	if err != nil {
		return nil, err
	}
	own := slices.Concat(r.Ledger.Waves...)
	var list []string
	for _, o := range runs {
		if o.Name == r.Name || o.Fresh || o.RollingBack() || !o.Ledger.Started.After(r.Ledger.Started) {
			continue
		}
		shared := slices.DeleteFunc(slices.Concat(o.Ledger.Waves...), func(ns string) bool { return !slices.Contains(own, ns) })
		if len(shared) > 0 {
			list = append(list, fmt.Sprintf("run %s to revision %s (%s)", o.Name, o.Spec.Revision, strings.Join(shared, ", ")))
		}
	}
	return list, nil
}
