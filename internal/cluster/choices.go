// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/api/v1alpha1"
)

// SetChoices gives an unfinished run other choices: limits and times, and how what
// is left is moved. It touches only those fields; one that is not set gets its
// default back.
func (c *Cluster) SetChoices(ctx context.Context, name string, s v1alpha1.MeshUpgradeSpec) error {
	what := "change the choices of MeshUpgrade " + name
	choices := map[string]any{"rollbackOnFailure": s.RollbackOnFailure, "removeOld": s.RemoveOld}
	for field, text := range map[string]string{"way": s.Way, "trial": s.Trial, "tags": s.Tags, "labels": s.Labels, "from": s.From} {
		choices[field] = orNull(text != "", text)
	}
	choices["maxParallel"] = orNull(s.MaxParallel != 0, s.MaxParallel)
	choices["readyTimeout"] = orNull(s.ReadyTimeout != nil, s.ReadyTimeout)
	choices["soak"] = orNull(s.Soak != nil, s.Soak)
	choices["workloads"] = orNull(len(s.Workloads) > 0, s.Workloads)
	body, err := json.Marshal(map[string]any{"spec": choices})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	err = c.plain.Patch(types.MergePatchType).AbsPath(recordsPath, name).
		Param("fieldManager", v1alpha1.FieldManager).Body(body).Do(ctx).Error()
	return writing(what, err)
}

// orNull is a value, or null, by which a merge patch takes a field away.
func orNull(set bool, value any) any {
	if !set {
		return nil
	}
	return value
}
