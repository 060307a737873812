// SPDX-License-Identifier: Apache-2.0

package install

import (
	"testing"

	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/release/common"
	release "helm.sh/helm/v4/pkg/release/v1"
)

// An unfinished upgrade of the chart base is repeated, and a newer one is never downgraded.
func TestBaseIsUpToDateOnceDeployed(t *testing.T) {
	of := func(version string, status common.Status) *release.Release {
		return &release.Release{Chart: &chart.Chart{Metadata: &chart.Metadata{Version: version}}, Info: &release.Info{Status: status}}
	}
	before := of("1.29.1", common.StatusDeployed)
	tests := []struct {
		name           string
		last, deployed *release.Release
		done           bool
	}{
		{name: "older", last: before, deployed: before},
		{name: "done", last: of("1.31.0", common.StatusDeployed), deployed: of("1.31.0", common.StatusDeployed), done: true},
		{name: "newer", last: of("1.32.0", common.StatusDeployed), deployed: of("1.32.0", common.StatusDeployed), done: true},
		{name: "broken off", last: of("1.31.0", common.StatusPendingUpgrade), deployed: before},
		{name: "failed", last: of("1.31.0", common.StatusFailed), deployed: before},
		{name: "failed, never deployed", last: of("1.31.0", common.StatusFailed)},
		{name: "failed upgrade to a newer", last: of("1.32.0", common.StatusFailed), deployed: before, done: true},
		{name: "failed rollback", last: of("1.30.0", common.StatusFailed), deployed: of("1.32.0", common.StatusDeployed), done: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if now, done := baseUpToDate(tt.last, tt.deployed, "1.31.0"); done != tt.done {
				t.Errorf("settled %t at %s", done, now)
			}
		})
	}
}
