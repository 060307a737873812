// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// renderUpgrade renders the upgrade of a workload's Helm release that writes the label which
// chooses the wanted revision.
func renderUpgrade(wl mesh.Workload, t step.Target) step.Change {
	return step.Change{
		Verb: step.UpgradeRelease, Kind: string(mesh.Deployment), Namespace: wl.Namespace, Name: wl.Name,
		Release: wl.Release.Namespace + "/" + wl.Release.Name, Revision: t.TemplateLabels[wl.Ref()], Owner: t.Run,
	}
}

// checkedFirst returns the changes, and before them the check of the upgrade of the
// workload's Helm release, if that writes its label: where the upgrade would fail, or change
// anything else, nothing is changed.
func checkedFirst(wl mesh.Workload, t step.Target, changes []step.Change, err error) ([]step.Change, error) {
	if wl.ForGateway() || !wl.Release.Writes() || err != nil {
		return changes, err
	}
	check := renderUpgrade(wl, t)
	check.DryRun = true
	return slices.Insert(changes, 0, check), nil
}
