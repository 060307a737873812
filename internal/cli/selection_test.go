// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/run"
)

// TestAnEmptySelectionIsNotEverything: a script's variable that is not set, or a
// template's value, moves nothing.
func TestAnEmptySelectionIsNotEverything(t *testing.T) {
	for flag, args := range map[string][]string{
		"--namespace": {"-n", ""}, "--namespace ": {"--namespace="}, "--selector": {"-l", ""}, "--selector ": {"-l", "", "-n", "shop-web"}, "spec.namespaces": {"-l", " "},
	} {
		p := shop()
		code, out, err := on(p, upgradeLine+" --yes", args...)
		if code != exitUsage || !strings.Contains(err, strings.TrimSpace(flag)) || !strings.Contains(err, "leave it out") || len(p.writes) > 0 {
			t.Errorf("%q: exit code %d, %d writes: %s\n%s", args, code, len(p.writes), err, out)
		}
	}
	for field, code := range map[string]int{
		"namespaces: {names: []}":                            exitUsage,
		"namespaces: {}":                                     exitUsage,
		"namespaces:":                                        exitUsage,
		"namespaces: {selector: {}}":                         exitUsage,
		"namespaces: {selector: {matchLabels: {}}}":          exitUsage,
		"waves: []":                                          exitUsage,
		"waves: [{namespaces: []}]":                          exitUsage,
		"namespaces: {selector: {matchLabels: {team: web}}}": exitDone,
		"maxParallel: 2":                                     exitDone,
	} {
		p := shop()
		addPlane(&p.world, "1-31-0", "1.31.0")
		p.world.Sort()
		var o, e strings.Builder
		file := "apiVersion: rerig.dev/v1alpha1\nkind: MeshUpgrade\nspec:\n  revision: 1-31-0\n  soak: 1s\n  " + field + "\n"
		got := runCommand(context.Background(), []string{"upgrade", "-f", "-", "--yes"}, Streams{In: strings.NewReader(file), Out: &o, Err: &e},
			func(*app) (run.Cluster, error) { return p, nil }, &instantClock{now: noon})
		if got != code || (len(p.writes) > 0) != (code == exitDone) {
			t.Errorf("%s: exit code %d, want %d, %d writes: %s", field, got, code, len(p.writes), e.String())
		}
	}
}
