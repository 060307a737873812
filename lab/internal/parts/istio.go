// SPDX-License-Identifier: Apache-2.0

package parts

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
)

// IstioVersions are the lab's Istio versions, the oldest first.
var IstioVersions = []string{"1.29.1", "1.31.0"}

// Hub is the registry name of the lab's images. Nothing is pulled from it.
const Hub = "docker.io/lab"

// istioCommits are the commits of the release branches that modules/istio-* require.
var istioCommits = map[string]string{"1.29.1": "6991a379e1fc", "1.31.0": "eed52ebb66ad"}

// Istio returns a directory with istiod, istioctl and pilot-agent of the version and their
// envoy_bootstrap.json. The version is set by linker flags, as Istio's own build does
// (istio.io/istio 1.29 common/scripts/report_build_info.sh).
func (s Store) Istio(ctx context.Context, version string) (string, error) {
	if !slices.Contains(IstioVersions, version) {
		return "", fmt.Errorf("the lab has no Istio %s; it has %v", version, IstioVersions)
	}
	const p = "istio.io/istio/pkg/version"
	ld := "-s -w -X " + p + ".buildVersion=" + version + " -X " + p + ".buildHub=" + Hub +
		" -X " + p + ".buildTag=" + version + " -X " + p + ".buildStatus=Clean -X " + p + ".buildGitRevision=" + istioCommits[version]
	return s.goModule(ctx, goModulePart{
		name: "istio-" + version, dir: "modules/istio-" + version,
		programs: []program{
			{name: "istiod", pkg: "istio.io/istio/pilot/cmd/pilot-discovery", ldflags: ld},
			{name: "istioctl", pkg: "istio.io/istio/istioctl/cmd/istioctl", ldflags: ld},
			{name: "pilot-agent", pkg: "istio.io/istio/pilot/cmd/pilot-agent", ldflags: ld},
		},
		copies: map[string][]string{"istio.io/istio": {"tools/packaging/common/envoy_bootstrap.json"}},
	})
}

// Istioctl returns istioctl of the version.
func (s Store) Istioctl(ctx context.Context, version string) (string, error) {
	dir, err := s.Istio(ctx, version)
	return filepath.Join(dir, "istioctl"), err
}
