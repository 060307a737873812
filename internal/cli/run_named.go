// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// named is the run of that name; without a name the unfinished one, or else the
// one that ended last.
func named(ctx context.Context, h home, arguments []string) (*run, error) {
	runs, err := all(ctx, h)
	if err != nil {
		return nil, err
	}
	if len(runs) == 0 {
		return nil, errors.New("find the run: none is on record in this cluster; begin one with `rerig upgrade`")
	}
	if len(arguments) == 0 {
		return latest(runs), nil
	}
	var names []string
	for _, r := range runs {
		if r.Name == arguments[0] {
			return r, nil
		}
		names = append(names, r.Name)
	}
	return nil, fmt.Errorf("find the run: none is named %s; on record are: %s", arguments[0], strings.Join(names, ", "))
}

// latest is the unfinished run, or else the one that ended last: not the one begun
// last, which an older one may have been rolled back after.
func latest(runs []*run) *run {
	last := runs[len(runs)-1]
	for _, r := range runs {
		switch {
		case r.fresh:
			continue
		case !r.ended():
			return r
		case last.fresh || !r.ledger.Ended.Before(last.ledger.Ended):
			last = r
		}
	}
	return last
}

// later tells which runs have moved namespaces of a run on after it: the way back
// leads past what those had found.
func later(ctx context.Context, h home, r *run) ([]string, error) {
	runs, err := all(ctx, h)
	if err != nil {
		return nil, err
	}
	mine := slices.Concat(r.ledger.Waves...)
	var list []string
	for _, o := range runs {
		if o.Name == r.Name || o.fresh || o.back() || !o.ledger.Started.After(r.ledger.Started) {
			continue
		}
		theirs := slices.DeleteFunc(slices.Concat(o.ledger.Waves...), func(ns string) bool { return !slices.Contains(mine, ns) })
		if len(theirs) > 0 {
			list = append(list, fmt.Sprintf("run %s to revision %s (%s)", o.Name, o.Spec.Revision, strings.Join(theirs, ", ")))
		}
	}
	return list, nil
}
