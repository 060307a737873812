// SPDX-License-Identifier: Apache-2.0

package parts

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

// releaseEdits are the places that a release of Istio's charts changes (istio/release-builder): the
// charts' versions and images. The charts in the source contain 1.0.0, testing and latest.
var releaseEdits = []struct {
	file        string
	pattern     *regexp.Regexp
	replacement func(version string) string
}{
	{
		file: "Chart.yaml", pattern: regexp.MustCompile(`(?m)^(version|appVersion): .*$`),
		replacement: func(v string) string { return "${1}: " + v },
	},
	{
		file: "values.yaml", pattern: regexp.MustCompile(`(?m)^( +)hub: \S+testing$`),
		replacement: func(string) string { return "${1}hub: " + Hub },
	},
	{
		file: "values.yaml", pattern: regexp.MustCompile(`(?m)^( +)tag: latest$`),
		replacement: func(v string) string { return "${1}tag: " + v },
	},
}

// chartSources is where the charts are in Istio's source.
const chartSources = "manifests/charts/"

// Charts returns a directory with Istio's Helm charts base, istiod and gateway of the version, as
// its release contains them.
func (s Store) Charts(ctx context.Context, version string) (string, error) {
	if !slices.Contains(IstioVersions, version) {
		return "", fmt.Errorf("the lab has no charts of Istio %s; it has %v", version, IstioVersions)
	}
	src := filepath.Join(s.Source, "modules", "istio-"+version)
	paths := []string{chartSources + "base", chartSources + "istio-control/istio-discovery", chartSources + "gateway"}
	key := []string{istioCommits[version], Hub, fmt.Sprint(releaseEdits[0].pattern, releaseEdits[1].pattern, releaseEdits[2].pattern, paths)}
	return s.Cache.Dir(ctx, "charts-"+version, key, func(ctx context.Context, out string) error {
		if err := copyFromModule(ctx, src, "istio.io/istio", paths, out); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(out, "istio-discovery"), filepath.Join(out, "istiod")); err != nil {
			return fmt.Errorf("rename the chart: %w", err)
		}
		for _, chart := range []string{"base", "istiod", "gateway"} {
			if err := setReleaseValues(filepath.Join(out, chart), version); err != nil {
				return err
			}
		}
		return nil
	})
}

// setReleaseValues sets version and images in a chart of the source.
func setReleaseValues(dir, version string) error {
	for _, e := range releaseEdits {
		path := filepath.Join(dir, e.file)
		content, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("set the chart's version and images: %w", err)
		}
		content = e.pattern.ReplaceAll(content, []byte(e.replacement(version)))
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return fmt.Errorf("set the chart's version and images: %w", err)
		}
	}
	return nil
}
