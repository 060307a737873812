// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/engine"
)

// ErrNoRun says that there is no MeshUpgrade of that name, or no definition yet.
var ErrNoRun = errors.New("no such run")

// List returns every MeshUpgrade by name; none where the definition is missing.
func (c *Cluster) List(ctx context.Context) ([]v1alpha1.MeshUpgrade, error) {
	var list []v1alpha1.MeshUpgrade
	for next := ""; ; {
		var page v1alpha1.MeshUpgradeList
		body, err := c.plain.Get().AbsPath(recordsPath).
			Param("limit", fmt.Sprint(pageSize)).Param("continue", next).Do(ctx).Raw()
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		if err != nil {
			return nil, reading("MeshUpgrades", err)
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return nil, fmt.Errorf("read MeshUpgrades: %w", err)
		}
		list = append(list, page.Items...)
		if next = page.Continue; next == "" {
			break
		}
	}
	slices.SortFunc(list, func(a, b v1alpha1.MeshUpgrade) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// Get returns one MeshUpgrade; ErrNoRun when there is none.
func (c *Cluster) Get(ctx context.Context, name string) (v1alpha1.MeshUpgrade, error) {
	body, err := c.plain.Get().AbsPath(recordsPath, name).Do(ctx).Raw()
	if apierrors.IsNotFound(err) {
		return v1alpha1.MeshUpgrade{}, fmt.Errorf("read MeshUpgrade %s: %w", name, ErrNoRun)
	}
	if err != nil {
		return v1alpha1.MeshUpgrade{}, reading("MeshUpgrade "+name, err)
	}
	return record(body)
}

// Create writes a new MeshUpgrade. engine.ErrDisturbed says that there is one of
// that name.
func (c *Cluster) Create(ctx context.Context, m v1alpha1.MeshUpgrade) (v1alpha1.MeshUpgrade, error) {
	body, err := bodyOf(m)
	if err != nil {
		return m, err
	}
	what := "write MeshUpgrade " + m.Name
	body, err = c.plain.Post().AbsPath(recordsPath).Param("fieldManager", v1alpha1.FieldManager).Body(body).Do(ctx).Raw()
	if apierrors.IsAlreadyExists(err) {
		return m, fmt.Errorf("%s: %w: %w", what, engine.ErrConflict, err)
	}
	if err != nil {
		return m, writing(what, err)
	}
	return record(body)
}

// Replace gives a finished run a new spec and an empty status, so that it begins
// anew. found is the MeshUpgrade as it was read: engine.ErrDisturbed says that it
// has changed since.
func (c *Cluster) Replace(ctx context.Context, found v1alpha1.MeshUpgrade, spec v1alpha1.MeshUpgradeSpec) (v1alpha1.MeshUpgrade, error) {
	// The status goes first: a run that is broken off here has still its old spec,
	// and finds nothing left to do.
	found.Status = v1alpha1.MeshUpgradeStatus{}
	cleared, err := c.put(ctx, found, "status")
	if err != nil {
		return found, err
	}
	cleared.Spec = spec
	return c.put(ctx, cleared)
}

// Respec gives an unfinished run another spec, and leaves its status as it is. found
// is the MeshUpgrade as it was read: engine.ErrDisturbed says that it has changed
// since.
func (c *Cluster) Respec(ctx context.Context, found v1alpha1.MeshUpgrade, spec v1alpha1.MeshUpgradeSpec) (v1alpha1.MeshUpgrade, error) {
	found.Spec = spec
	return c.put(ctx, found)
}

// SetRollback turns a run around, or forward again. It touches only that field.
func (c *Cluster) SetRollback(ctx context.Context, name string, rollback bool) error {
	body, err := json.Marshal(map[string]any{"spec": map[string]any{"rollback": rollback}})
	if err != nil {
		return err
	}
	err = c.plain.Patch(types.MergePatchType).AbsPath(recordsPath, name).
		Param("fieldManager", v1alpha1.FieldManager).Body(body).Do(ctx).Error()
	return writing("turn MeshUpgrade "+name+" around", err)
}

// put writes a whole MeshUpgrade, or its status, if it is still the one that was
// read.
func (c *Cluster) put(ctx context.Context, m v1alpha1.MeshUpgrade, subresource ...string) (v1alpha1.MeshUpgrade, error) {
	body, err := bodyOf(m)
	if err != nil {
		return m, err
	}
	path := append([]string{recordsPath, m.Name}, subresource...)
	answer := c.plain.Put().AbsPath(path...).Param("fieldManager", v1alpha1.FieldManager).Body(body).Do(ctx)
	if err := answer.Error(); err != nil { // which says what the API server said; Raw's does not always
		return m, writing("write MeshUpgrade "+m.Name, err)
	}
	if body, err = answer.Raw(); err != nil {
		return m, writing("write MeshUpgrade "+m.Name, err)
	}
	return record(body)
}

func record(body []byte) (v1alpha1.MeshUpgrade, error) {
	var m v1alpha1.MeshUpgrade
	if err := json.Unmarshal(body, &m); err != nil {
		return m, fmt.Errorf("read a MeshUpgrade: %w", err)
	}
	return m, nil
}

func bodyOf(m v1alpha1.MeshUpgrade) ([]byte, error) {
	m.TypeMeta = metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.Kind}
	body, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("write MeshUpgrade %s: %w", m.Name, err)
	}
	return body, nil
}
