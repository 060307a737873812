// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/api/v1alpha1"
)

// SetLimits gives an unfinished run other limits and times. It touches only
// those fields; one that is not set gets its default back.
func (c *Cluster) SetLimits(ctx context.Context, name string, s v1alpha1.MeshUpgradeSpec) error {
	limits := map[string]any{"maxParallel": nil, "readyTimeout": nil, "soak": nil, "rollbackOnFailure": s.RollbackOnFailure, "removeOld": s.RemoveOld}
	if s.MaxParallel != 0 {
		limits["maxParallel"] = s.MaxParallel
	}
	if s.ReadyTimeout != nil {
		limits["readyTimeout"] = s.ReadyTimeout
	}
	if s.Soak != nil {
		limits["soak"] = s.Soak
	}
	body, err := json.Marshal(map[string]any{"spec": limits})
	if err != nil {
		return fmt.Errorf("change the limits of MeshUpgrade %s: %w", name, err)
	}
	err = c.plain.Patch(types.MergePatchType).AbsPath(recordsPath, name).
		Param("fieldManager", v1alpha1.FieldManager).Body(body).Do(ctx).Error()
	return writing("change the limits of MeshUpgrade "+name, err)
}
