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

// releaseEdits are the places where Istio's charts are stamped when they are released
// (release-builder; the charts in the source say 1.0.0, testing and latest): the
// charts' own versions, and the images that they run.
var releaseEdits = []struct {
	file  string
	found *regexp.Regexp
	stamp func(version string) string
}{
	{"Chart.yaml", regexp.MustCompile(`(?m)^(version|appVersion): .*$`), func(v string) string { return "${1}: " + v }},
	{"values.yaml", regexp.MustCompile(`(?m)^( +)hub: \S+testing$`), func(string) string { return "${1}hub: " + Hub }},
	{"values.yaml", regexp.MustCompile(`(?m)^( +)tag: latest$`), func(v string) string { return "${1}tag: " + v }},
}

// Charts returns a folder with Istio's Helm charts base and istiod of the
// version, as a release has them: the folders base/ and istiod/.
func (s Store) Charts(ctx context.Context, version string) (string, error) {
	if !slices.Contains(IstioVersions, version) {
		return "", fmt.Errorf("find the charts of Istio %s: the lab has %v", version, IstioVersions)
	}
	src := filepath.Join(s.Source, "modules", "istio-"+version)
	key := []string{istioCommits[version], Hub, fmt.Sprint(releaseEdits[0].found, releaseEdits[1].found, releaseEdits[2].found)}
	return s.Cache.Dir(ctx, "charts-"+version, key, func(ctx context.Context, out string) error {
		const charts = "manifests/charts/"
		if err := copyFromModule(ctx, src, "istio.io/istio", []string{charts + "base", charts + "istio-control/istio-discovery"}, out); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(out, "istio-discovery"), filepath.Join(out, "istiod")); err != nil {
			return fmt.Errorf("name the chart as its releases do: %w", err)
		}
		for _, chart := range []string{"base", "istiod"} {
			if err := setReleaseValues(filepath.Join(out, chart), version); err != nil {
				return err
			}
		}
		return nil
	})
}

// setReleaseValues makes a chart of the source one of a release.
func setReleaseValues(dir, version string) error {
	for _, r := range releaseEdits {
		path := filepath.Join(dir, r.file)
		content, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("stamp a chart: %w", err)
		}
		content = r.found.ReplaceAll(content, []byte(r.stamp(version)))
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return fmt.Errorf("stamp a chart: %w", err)
		}
	}
	return nil
}
