// SPDX-License-Identifier: Apache-2.0

package install

import (
	"testing"

	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/release/common"
	release "helm.sh/helm/v4/pkg/release/v1"
)

// An upgrade of the chart base that did not come to its end is repeated, and no
// newer one is taken back.
func TestBaseIsSettledOnceItIsDeployed(t *testing.T) {
	of := func(version string, status common.Status) *release.Release {
		return &release.Release{Chart: &chart.Chart{Metadata: &chart.Metadata{Version: version}}, Info: &release.Info{Status: status}}
	}
	before := of("1.29.1", common.StatusDeployed)
	for name, c := range map[string]struct {
		last, deployed *release.Release
		done           bool
	}{
		"older":                        {before, before, false},
		"done":                         {of("1.31.0", common.StatusDeployed), of("1.31.0", common.StatusDeployed), true},
		"newer":                        {of("1.32.0", common.StatusDeployed), of("1.32.0", common.StatusDeployed), true},
		"broken off":                   {of("1.31.0", common.StatusPendingUpgrade), before, false},
		"failed":                       {of("1.31.0", common.StatusFailed), before, false},
		"failed, never deployed":       {of("1.31.0", common.StatusFailed), nil, false},
		"failed on the way to a newer": {of("1.32.0", common.StatusFailed), before, true},
		"failed on its way back":       {of("1.30.0", common.StatusFailed), of("1.32.0", common.StatusDeployed), true},
	} {
		if now, done := baseUpToDate(c.last, c.deployed, "1.31.0"); done != c.done {
			t.Errorf("%s: settled %t at %s", name, done, now)
		}
	}
}
