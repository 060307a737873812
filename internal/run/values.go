// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"errors"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/record"
	"github.com/rerig/rerig/internal/cluster/rights"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/install"
	"github.com/rerig/rerig/internal/run/spec"
)

// Values are the Secrets in which runs store the values of their specifications:
// more people can read a MeshUpgrade than a Secret.
type Values interface {
	// StoreValues writes a Secret that is owned by the run's record.
	StoreValues(ctx context.Context, run v1alpha1.MeshUpgrade, name string, entries map[string][]byte) error
	// StoredValues returns the entries of a Secret; record.ErrNoValues if it does
	// not exist.
	StoredValues(ctx context.Context, name string) (map[string][]byte, error)
	// DeleteValues deletes a Secret that StoreValues wrote.
	DeleteValues(ctx context.Context, name string) error
}

// loadedSpec returns the specification with the values that are stored in a
// Secret, as they were approved.
func (r *Run) loadedSpec(ctx context.Context, c Cluster, root string) (spec.Spec, error) {
	loaded, err := spec.LoadValues(r.Spec, func(secret string) (map[string][]byte, error) { return c.StoredValues(ctx, secret) })
	_, changed := errors.AsType[spec.ChangedValuesError](err)
	switch {
	case err == nil:
		return loaded, nil
	case !changed && !errors.Is(err, record.ErrNoValues):
		return loaded, fmt.Errorf("read MeshUpgrade %s: %w", r.Name, err)
	}
	return loaded, fmt.Errorf("install revision %s: %w. These values were approved with the plan, and no others are installed. "+
		"Restore the Secret in namespace %s; or run `rerig rollback %s`, and then the same upgrade again with its files",
		r.Spec.Revision, err, root, r.Name)
}

// recordSpec writes the specification of a run: values first, the record second,
// so that a record never refers to values that were not stored. A record that
// does not exist yet is the exception, since it owns the Secret; until its plan is
// recorded, the next command replaces it.
func (r *Run) recordSpec(ctx context.Context, c Cluster, write func(v1alpha1.MeshUpgrade) (v1alpha1.MeshUpgrade, error)) error {
	u := r.MeshUpgrade
	stripped, values, err := spec.StoreValues(r.Spec, r.Name)
	if err != nil {
		return fmt.Errorf("record run %s: %w", r.Name, err)
	}
	u.Spec = stripped
	if values != nil && r.found != nil {
		if err := c.StoreValues(ctx, *r.found, values.Name, values.Entries); err != nil {
			return err
		}
	}
	written, err := write(u)
	if err != nil {
		return err
	}
	if values != nil && r.found == nil {
		if err := c.StoreValues(ctx, written, values.Name, values.Entries); err != nil {
			return err
		}
	}
	if r.found != nil {
		return r.deleteUnused(ctx, c, written.Spec)
	}
	return nil
}

// deleteUnused deletes the Secrets that the record referred to and no longer does.
func (r *Run) deleteUnused(ctx context.Context, c Cluster, now spec.Spec) error {
	used := spec.ValueSecrets(now)
	for _, name := range spec.ValueSecrets(r.found.Spec) {
		if slices.Contains(used, name) {
			continue
		}
		if err := c.DeleteValues(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// storeRecordedValues moves values that version 0.1 recorded inline into a Secret.
// A user who may not write Secrets, and values that another tool manages in the
// record, leave it as it is.
func (r *Run) storeRecordedValues(ctx context.Context, c Cluster) error {
	if r.found == nil || r.Fresh || r.installer || r.RollingBack() || !spec.HasInlineValues(r.found.Spec) || !writtenByRerig(*r.found) {
		return nil
	}
	stripped, values, err := spec.StoreValues(r.found.Spec, r.Name)
	if err != nil {
		return err
	}
	if err := c.StoreValues(ctx, *r.found, values.Name, values.Entries); err != nil {
		if errors.Is(err, engine.ErrRefused) {
			return nil
		}
		return err
	}
	written, err := c.Respec(ctx, *r.found, stripped)
	if err == nil {
		r.found = &written
	}
	return err
}

// writtenByRerig reports whether Rerig is the only manager of the specification.
func writtenByRerig(u v1alpha1.MeshUpgrade) bool {
	return !slices.ContainsFunc(u.ManagedFields, func(f metav1.ManagedFieldsEntry) bool {
		return f.Manager != v1alpha1.FieldManager && f.Subresource == ""
	})
}

// valueNeeds returns the permissions to store and read the values of the
// specification.
func (r *Run) valueNeeds(root string) []install.Permission {
	if r.RollingBack() || !spec.HasValues(r.Spec) {
		return nil
	}
	var needs []install.Permission
	for _, p := range rights.StoringValues(root) {
		needs = append(needs, install.Permission{Verb: p.Verb, Group: p.Group, Resource: p.Resource, Namespace: p.Namespace})
	}
	return needs
}
