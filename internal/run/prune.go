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
)

// UnneededCopies is a Secret with saved copies that no run can restore any more.
type UnneededCopies struct {
	cluster.SavedCopies
	Reason string
}

// FindUnneededCopies returns the saved copies that no run needs: those of a run that
// was deleted, that started again since, or that is rolled back.
func FindUnneededCopies(ctx context.Context, c Cluster) ([]UnneededCopies, error) {
	saved, err := c.SavedCopies(ctx)
	if err != nil {
		return nil, err
	}
	runs, err := all(ctx, c)
	if err != nil {
		return nil, err
	}
	var list []UnneededCopies
	for _, s := range saved {
		reason := fmt.Sprintf("run %s was deleted", s.Run)
		if i := slices.IndexFunc(runs, func(r *Run) bool { return r.Name == s.Run }); i >= 0 {
			reason = runs[i].unneeded(s)
		}
		if reason != "" {
			list = append(list, UnneededCopies{s, reason})
		}
	}
	slices.SortFunc(list, func(a, b UnneededCopies) int { return strings.Compare(a.Secret, b.Secret) })
	return list, nil
}

// unneeded returns why the run does not need saved copies, "" if a rollback may
// restore them.
func (r *Run) unneeded(s cluster.SavedCopies) string {
	switch {
	case cluster.RoundOf(r.Ledger) != s.Round:
		return fmt.Sprintf("run %s started again since", r.Name)
	case r.RollingBack() && r.Ended():
		return fmt.Sprintf("run %s is rolled back", r.Name)
	}
	return ""
}

// PruneNeeds returns the permissions that the deletion of saved copies needs.
func PruneNeeds(root string) []install.Permission {
	var needs []install.Permission
	for _, r := range rights.Pruning(root) {
		needs = append(needs, install.Permission{Verb: r.Verb, Group: r.Group, Resource: r.Resource, Namespace: r.Namespace})
	}
	return needs
}
