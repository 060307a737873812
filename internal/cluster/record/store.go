// SPDX-License-Identifier: Apache-2.0

// Package record reads and writes the record of a run: the MeshUpgrade, its
// definition, and the ledger in its status.
package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/engine"
)

// ErrNoRun says that no MeshUpgrade of a name exists, or that its definition does
// not.
var ErrNoRun = errors.New("no such run")

// Store holds the MeshUpgrades of a cluster.
type Store struct {
	api  *client.Clients
	root string
	now  func() time.Time
}

// NewStore returns the MeshUpgrades of the cluster behind api, with istiod in the
// namespace root. now is the time of their conditions.
func NewStore(api *client.Clients, root string, now func() time.Time) *Store {
	return &Store{api: api, root: root, now: now}
}

// Defined reports whether the API server serves MeshUpgrades. Every user may ask
// for that.
func (s *Store) Defined(ctx context.Context) (bool, error) {
	return s.api.Serves(ctx, v1alpha1.GroupVersion.String())
}

// List returns every MeshUpgrade by name, none where the definition is missing.
func (s *Store) List(ctx context.Context) ([]v1alpha1.MeshUpgrade, error) {
	var list []v1alpha1.MeshUpgrade
	err := client.List(ctx, metav1.ListOptions{}, client.JSONPages[v1alpha1.MeshUpgrade](s.api, recordsPath), func() { list = nil },
		func(page *client.Page[v1alpha1.MeshUpgrade]) { list = append(list, page.Items...) })
	for i := range list {
		useCurrentNames(&list[i])
	}
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	slices.SortFunc(list, func(a, b v1alpha1.MeshUpgrade) int { return strings.Compare(a.Name, b.Name) })
	return list, client.ReadError("MeshUpgrades", err)
}

// Get returns one MeshUpgrade, and ErrNoRun if there is none of that name.
func (s *Store) Get(ctx context.Context, name string) (v1alpha1.MeshUpgrade, error) {
	var m v1alpha1.MeshUpgrade
	err := client.DecodeJSON(s.api.JSON.Get().AbsPath(recordsPath, name).Do(ctx), &m)
	if apierrors.IsNotFound(err) {
		return v1alpha1.MeshUpgrade{}, fmt.Errorf("read MeshUpgrade %s: %w", name, ErrNoRun)
	}
	useCurrentNames(&m)
	return m, client.ReadError("MeshUpgrade "+name, err)
}

// useCurrentNames reads fields that version 0.1 wrote. Where both names are set,
// the current one wins.
func useCurrentNames(m *v1alpha1.MeshUpgrade) { _ = m.Spec.UseCurrentNames() }

// Owner returns a run as an owner reference: objects with it are deleted with the
// run. It is not a controller reference.
func (s *Store) Owner(ctx context.Context, run string) (metav1.OwnerReference, error) {
	m, err := s.Get(ctx, run)
	if err != nil {
		return metav1.OwnerReference{}, err
	}
	return OwnerOf(m), nil
}

// OwnerOf returns the owner reference to a run that was read.
func OwnerOf(m v1alpha1.MeshUpgrade) metav1.OwnerReference {
	return metav1.OwnerReference{APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.Kind, Name: m.Name, UID: m.UID}
}

// IsOwner reports whether an owner reference is to a run.
func IsOwner(r metav1.OwnerReference) bool {
	return r.Kind == v1alpha1.Kind && strings.HasPrefix(r.APIVersion, v1alpha1.Group+"/")
}

// Create writes a new MeshUpgrade. It returns engine.ErrConflict if there is one
// of that name.
func (s *Store) Create(ctx context.Context, m v1alpha1.MeshUpgrade) (v1alpha1.MeshUpgrade, error) {
	body, err := encode(m)
	if err != nil {
		return m, err
	}
	what := "write MeshUpgrade " + m.Name
	var created v1alpha1.MeshUpgrade
	err = s.writeSpec(ctx, func() error {
		return client.DecodeJSON(s.api.JSON.Post().AbsPath(recordsPath).Param("fieldManager", v1alpha1.FieldManager).
			Param("fieldValidation", strictFields).Body(body).Do(ctx), &created)
	})
	switch {
	case apierrors.IsAlreadyExists(err):
		return m, fmt.Errorf("%s: %w: %w", what, engine.ErrConflict, err)
	case err != nil:
		return m, client.WriteError(what, err)
	}
	return created, nil
}

// Replace gives a finished run a new spec and an empty status, so that it starts
// again. found is the MeshUpgrade as it was read: Replace returns
// engine.ErrConflict if it changed since.
func (s *Store) Replace(ctx context.Context, found v1alpha1.MeshUpgrade, spec v1alpha1.MeshUpgradeSpec) (v1alpha1.MeshUpgrade, error) {
	// The status goes first: a run that is interrupted here still has its old spec
	// and finds nothing left to do.
	found.Status = v1alpha1.MeshUpgradeStatus{}
	cleared, err := s.put(ctx, found, "status")
	if err != nil {
		return found, err
	}
	cleared.Spec = spec
	return s.put(ctx, cleared)
}

// Respec gives an unfinished run another spec and leaves its status. found is the
// MeshUpgrade as it was read: Respec returns engine.ErrConflict if it changed
// since.
func (s *Store) Respec(ctx context.Context, found v1alpha1.MeshUpgrade, spec v1alpha1.MeshUpgradeSpec) (v1alpha1.MeshUpgrade, error) {
	found.Spec = spec
	return s.put(ctx, found)
}

// SetRollback makes a run roll back, or go forward again. It writes that field
// alone.
func (s *Store) SetRollback(ctx context.Context, name string, rollback bool) error {
	return s.patchSpec(ctx, "set spec.rollback of MeshUpgrade "+name, name, map[string]any{"rollback": rollback})
}

// SetChoices changes how an unfinished run continues: its limits and times, and
// how the rest is moved. It writes those fields alone; one that is not set gets
// its default.
func (s *Store) SetChoices(ctx context.Context, name string, spec v1alpha1.MeshUpgradeSpec) error {
	choices := map[string]any{"rollbackOnFailure": spec.RollbackOnFailure, "removeOld": spec.RemoveOld}
	for field, text := range map[string]string{
		"strategy": spec.Strategy, "trial": spec.Trial, "tags": spec.Tags, "labels": spec.Labels, "from": spec.From,
	} {
		choices[field] = orNull(text != "", text)
	}
	for former := range v1alpha1.FormerFieldNames {
		choices[former] = nil
	}
	choices["maxParallel"] = orNull(spec.MaxParallel != 0, spec.MaxParallel)
	choices["readyTimeout"] = orNull(spec.ReadyTimeout != nil, spec.ReadyTimeout)
	choices["soak"] = orNull(spec.Soak != nil, spec.Soak)
	choices["parkMax"] = orNull(spec.ParkMax != nil, spec.ParkMax)
	choices["workloads"] = orNull(len(spec.Workloads) > 0, spec.Workloads)
	return s.patchSpec(ctx, "change the choices of MeshUpgrade "+name, name, choices)
}

// orNull returns a value, or null, with which a merge patch removes a field.
func orNull(set bool, value any) any {
	if !set {
		return nil
	}
	return value
}

func (s *Store) patchSpec(ctx context.Context, what, name string, spec map[string]any) error {
	body, err := json.Marshal(map[string]any{"spec": spec})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	err = s.writeSpec(ctx, func() error {
		return s.api.JSON.Patch(types.MergePatchType).AbsPath(recordsPath, name).Param("fieldManager", v1alpha1.FieldManager).
			Param("fieldValidation", strictFields).Body(body).Do(ctx).Error()
	})
	return client.WriteError(what, err)
}

// put writes a complete MeshUpgrade, or its status, if it is still the one that
// was read.
func (s *Store) put(ctx context.Context, m v1alpha1.MeshUpgrade, subresource ...string) (v1alpha1.MeshUpgrade, error) {
	body, err := encode(m)
	if err != nil {
		return m, err
	}
	path := append([]string{recordsPath, m.Name}, subresource...)
	var written v1alpha1.MeshUpgrade
	write := func() error {
		put := s.api.JSON.Put().AbsPath(path...).Param("fieldManager", v1alpha1.FieldManager)
		if len(subresource) == 0 {
			put = put.Param("fieldValidation", strictFields)
		}
		return client.DecodeJSON(put.Body(body).Do(ctx), &written)
	}
	if len(subresource) > 0 {
		err = write()
	} else {
		err = s.writeSpec(ctx, write)
	}
	if err != nil {
		return m, client.WriteError("write MeshUpgrade "+m.Name, err)
	}
	useCurrentNames(&written)
	return written, nil
}

// strictFields has the API server refuse a field that the definition does not
// know, instead of dropping it.
const strictFields = "Strict"

// writeSpec writes a specification. If the cluster has the definition of an older
// version, which does not know a field, it applies the definition of this version
// first.
func (s *Store) writeSpec(ctx context.Context, write func() error) error {
	err := write()
	if !isUnknownField(err) {
		return err
	}
	if err := s.Define(ctx); err != nil {
		return fmt.Errorf("the definition in the cluster is that of another version: %w", err)
	}
	// The API server may serve the former definition for a moment.
	return wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, definitionTimeout, true, func(context.Context) (bool, error) {
		err := write()
		if isUnknownField(err) {
			return false, nil
		}
		return true, err
	})
}

// isUnknownField reports whether the API server refused a field that the definition
// does not know (k8s.io/apiserver 0.36, pkg/endpoints/handlers).
func isUnknownField(err error) bool {
	return err != nil && strings.Contains(err.Error(), `unknown field "spec.`)
}

func encode(m v1alpha1.MeshUpgrade) ([]byte, error) {
	m.TypeMeta = metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.Kind}
	body, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("write MeshUpgrade %s: %w", m.Name, err)
	}
	return body, nil
}
