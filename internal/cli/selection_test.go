// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/run"
)

// A script's unset variable, or a template's empty value, moves nothing.
func TestEmptySelectionIsRefused(t *testing.T) {
	for _, c := range []struct {
		says string
		args []string
	}{
		{"--namespace", []string{"-n", ""}},
		{"--namespace", []string{"--namespace="}},
		{"--selector", []string{"-l", ""}},
		{"--selector", []string{"-l", "", "-n", "shop-web"}},
		{"spec.namespaces", []string{"-l", " "}},
		{"--exclude-namespace", []string{"--exclude-namespace", ""}},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			p := shop()
			code, out, err := runOn(p, upgradeLine+" --yes", c.args...)
			if code != exitUsage || !strings.Contains(err, c.says) || !strings.Contains(err, "leave it out") || len(p.writes) > 0 {
				t.Errorf("got exit code %d and %d writes, want %d, none and %q: %s\n%s", code, len(p.writes), exitUsage, c.says, err, out)
			}
		})
	}
	for _, c := range []struct {
		field string
		want  int
	}{
		{"namespaces: {names: []}", exitUsage},
		{"namespaces: {}", exitUsage},
		{"namespaces:", exitUsage},
		{"namespaces: {selector: {}}", exitUsage},
		{"namespaces: {selector: {matchLabels: {}}}", exitUsage},
		{"waves: []", exitUsage},
		{"waves: [{namespaces: []}]", exitUsage},
		{"namespaces: {selector: {matchLabels: {team: web}}}", exitDone},
		{"namespaces: {exclude: [shop-data]}", exitDone},
		{"maxParallel: 2", exitDone},
	} {
		t.Run(c.field, func(t *testing.T) {
			p := shop()
			addControlPlane(&p.world, "1-31-0", "1.31.0")
			p.world.Sort()
			var o, e strings.Builder
			file := "apiVersion: rerig.dev/v1alpha1\nkind: MeshUpgrade\nspec:\n  revision: 1-31-0\n  soak: 1s\n  " + c.field + "\n"
			got := runCommand(context.Background(), []string{"upgrade", "-f", "-", "--yes"}, Streams{In: strings.NewReader(file), Out: &o, Err: &e},
				func(*app) (run.Cluster, error) { return p, nil }, &instantClock{now: noon})
			if got != c.want || (len(p.writes) > 0) != (got == exitDone) {
				t.Errorf("got exit code %d and %d writes, want %d: %s", got, len(p.writes), c.want, e.String())
			}
		})
	}
}

// What --exclude-namespace names is not moved, and is recorded in the specification.
func TestExcludedNamespaceIsNotMoved(t *testing.T) {
	p := shop()
	code, out, err := runOn(p, upgradeLine+" --yes", "--exclude-namespace", "shop-data")
	if code != exitDone || strings.Contains(strings.Join(p.writes, " "), "shop-data") || !strings.Contains(out, "--exclude-namespace") {
		t.Errorf("got exit code %d and writes %v, want %d and none in shop-data: %s\n%s", code, p.writes, exitDone, err, out)
	}
	for _, u := range p.runs {
		if u.Spec.Namespaces == nil || strings.Join(u.Spec.Namespaces.Exclude, ",") != "shop-data" {
			t.Errorf("record: got %v, want spec.namespaces.exclude of shop-data", u.Spec.Namespaces)
		}
	}
}
