// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"strings"
	"testing"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// TestBadInput: each gets one clear message and its exit code, and nothing is
// written.
func TestBadInput(t *testing.T) {
	const file = " --operator testdata/operator.yaml --yes"
	for name, c := range map[string]struct {
		line  string
		spoil func(*fakeCluster)
		code  int
		says  []string
	}{
		"no revision":           {"upgrade --yes", nil, exitUsage, []string{"--to", "-f"}},
		"no label":              {"upgrade --to 1.31.0" + file, nil, exitUsage, []string{"1.31.0", "Did you mean \"1-31-0\""}},
		"reserved":              {"upgrade --to default" + file, nil, exitUsage, []string{"reserved"}},
		"not there":             {"upgrade --to 1-31-0 --yes", nil, exitRefused, []string{"1-31-0", "1-29-1", "--operator"}},
		"old one, no run":       {"upgrade --to 1-29-1 --remove-old --yes", nil, exitRefused, []string{"nothing to move", "1-29-1", "--name"}},
		"nothing is bound":      {"upgrade --to 1-29-1 --yes", unbound, exitRefused, []string{"no namespace is bound", "-n"}},
		"unreadable file":       {"upgrade -f testdata/none.yaml --yes", nil, exitUsage, []string{"testdata/none.yaml", "no such file"}},
		"foreign file":          {"upgrade -f testdata/foreign.yaml --yes", nil, exitUsage, []string{"ConfigMap", "MeshUpgrade"}},
		"unknown field":         {"upgrade -f testdata/misspelt.yaml --yes", nil, exitUsage, []string{"sook"}},
		"foreign operator":      {"upgrade --to 1-31-0 --operator testdata/foreign.yaml --yes", nil, exitUsage, []string{"ConfigMap", "IstioOperator"}},
		"file and flags":        {"upgrade -f testdata/move.yaml --soak 5s --yes", nil, exitUsage, []string{"--soak"}},
		"unknown flag":          {"upgrade --two 1-31-0", nil, exitUsage, []string{"--two"}},
		"unknown command":       {"upgrad", nil, exitUsage, []string{"upgrad"}},
		"extra argument":        {"inventory shop-web", nil, exitUsage, []string{"shop-web"}},
		"unknown output":        {"inventory -o yaml", nil, exitUsage, []string{"yaml"}},
		"no selector":           {"upgrade --to 1-31-0 --selector ==" + file, nil, exitUsage, []string{"--selector"}},
		"a name of no label":    {"upgrade --to 1-31-0 --name " + strings.Repeat("n", 64) + file, nil, exitUsage, []string{"name the run", "63"}},
		"negative":              {"upgrade --to 1-31-0 --parallel -1" + file, nil, exitUsage, []string{"-1"}},
		"two kinds of waves":    {"upgrade --to 1-31-0 --waves 2 --wave shop-web" + file, nil, exitUsage, []string{"waves"}},
		"no such namespace":     {"upgrade --to 1-31-0 -n shop-wob" + file, nil, exitRefused, []string{"shop-wob"}},
		"unbound namespace":     {"upgrade --to 1-31-0 -n plain" + file, nil, exitRefused, []string{"plain", "not bound"}},
		"label of nobody":       {"upgrade --to 1-31-0" + file, lost, exitRefused, []string{"lost", "1-28-0"}},
		"from nowhere":          {"upgrade --to 1-31-0 --from 1-28-0" + file, nil, exitRefused, []string{"--from 1-28-0", "no revision that is there", "1-29-1"}},
		"from the target":       {"upgrade --to 1-31-0 --from 1-31-0" + file, nil, exitRefused, []string{"--from 1-31-0", "the run moves to", "1-29-1"}},
		"no Istio":              {"upgrade --to 1-31-0" + file, func(p *fakeCluster) { p.world.Revisions, p.world.Webhooks = nil, nil }, exitRefused, []string{"no Istio control plane", "--istio-namespace"}},
		"no permission":         {"upgrade --to 1-31-0" + file, func(p *fakeCluster) { p.lacks = []string{"patch namespaces"} }, exitRefused, []string{"you may not", "patch namespaces"}},
		"no right to install":   {"upgrade --to 1-31-0" + file, func(p *fakeCluster) { p.lacksToInstall = []string{"create services in istio-system"} }, exitRefused, []string{"you may not", "create services"}},
		"no certificate":        {"upgrade --to 1-31-0" + file, func(p *fakeCluster) { p.world.Webhooks[1].Roots = nil }, exitRefused, []string{"no CA bundle", "istio-sidecar-injector-1-29-1"}},
		"two roots":             {"upgrade --to 1-31-0 --yes", twoRoots, exitRefused, []string{"two trust roots", "1-31-0"}},
		"istiod not ready":      {"upgrade --to 1-31-0" + file, func(p *fakeCluster) { p.world.Revisions[0].Ready = 0 }, exitRefused, []string{"0/1 replicas ready", "1-29-1"}},
		"istiod silent":         {"upgrade --to 1-31-0" + file, func(p *fakeCluster) { p.world.Revisions[0].Istiods[0].NoAnswer = "timed out" }, exitRefused, []string{"istiod-1-29-1", "timed out"}},
		"another version":       {"upgrade --to 1-31-0 --version 1.30.0 --yes", func(p *fakeCluster) { addPlane(&p.world, "1-31-0", "1.31.0") }, exitRefused, []string{"1.31.0", "1.30.0"}},
		"a name used again":     {"upgrade --to 1-31-0 --operator testdata/tagged.yaml --yes", func(p *fakeCluster) { addPlane(&p.world, "1-31-0", "1.31.0") }, exitRefused, []string{"1.31.0", "1.32.0", "name"}},
		"two ways to install":   {"upgrade --to 1-31-0 --await" + file, nil, exitUsage, []string{"--operator", "--await"}},
		"a chart's flags alone": {"upgrade --to 1-31-0 --values testdata/values.yaml" + file, nil, exitUsage, []string{"--values", "--chart"}},
		"a chart and a file":    {"upgrade --to 1-31-0 --chart x" + file, nil, exitUsage, []string{"--operator", "--chart"}},
		"no such values":        {"upgrade --to 1-31-0 --chart x --values testdata/none.yaml --yes", nil, exitUsage, []string{"testdata/none.yaml"}},
		"no such chart":         {"upgrade --chart ./nowhere --yes", nil, exitUsage, []string{"./nowhere"}},
		"nobody to ask":         {"upgrade --to 1-31-0 --operator testdata/operator.yaml", nil, exitUsage, []string{"not a terminal", "--yes"}},
		"another run":           {"upgrade --to 1-31-0" + file, unfinished, exitRefused, []string{"unfinished", "to-1-30-0", "rerig rollback to-1-30-0"}},
		"a foreign ledger":      {"upgrade --to 1-31-0" + file, foreignLedger, exitRefused, []string{"to-1-30-0", "status.ledger cannot be read", "Do NOT delete"}},
		"no run to roll back":   {"rollback --yes", nil, exitRefused, []string{"no record of any"}},
		"no such run":           {"rollback to-1-31-0 --yes", unfinished, exitRefused, []string{"to-1-31-0", "to-1-30-0"}},
		"somebody works on it":  {"rollback --yes", func(p *fakeCluster) { unfinished(p); p.holder = "kim@host, process 7" }, exitRefused, []string{"kim@host", "Ctrl-C"}},
		"a short Lease":         {"upgrade --to 1-31-0 --lease-duration 1s" + file, nil, exitUsage, []string{"1s", "3s"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := shop()
			if c.spoil != nil {
				c.spoil(p)
			}
			code, _, err := on(p, c.line)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, word := range c.says {
				if !strings.Contains(err, word) {
					t.Errorf("it does not say %q:\n%s", word, err)
				}
			}
			if !strings.HasPrefix(err, "rerig: ") || strings.Count(err, "rerig: ") != 1 {
				t.Errorf("that is not one message:\n%s", err)
			}
			if len(p.writes) > 0 {
				t.Errorf("written all the same: %s", p.writes)
			}
		})
	}
}

func unbound(p *fakeCluster) {
	p.world.Workloads, p.world.Proxies, p.world.Webhooks = nil, nil, nil
	for i := range p.world.Namespaces {
		p.world.Namespaces[i].Labels = nil
	}
}

func lost(p *fakeCluster) {
	p.world.Namespaces = append(p.world.Namespaces, mesh.Namespace{Name: "lost", Labels: map[string]string{mesh.RevisionLabel: "1-28-0"}})
	p.world.Sort()
}

func twoRoots(p *fakeCluster) {
	roots := p.world.Roots
	p.world.Roots = []string{"another root"}
	addPlane(&p.world, "1-31-0", "1.31.0")
	p.world.Roots = roots
}

// unfinished puts a run on record that somebody agreed to.
func unfinished(p *fakeCluster) {
	u := v1alpha1.MeshUpgrade{Spec: v1alpha1.MeshUpgradeSpec{Revision: "1-30-0"}}
	u.Name = "to-1-30-0"
	p.runs = append(p.runs, u)
	if err := (&fakeRecord{p, u.Name}).Save(context.Background(), step.Ledger{Started: noon, Waves: [][]string{{"shop-web"}}}, engine.Summary{Phase: "Upgrading"}); err != nil {
		panic(err)
	}
}

// foreignLedger is a record that another version wrote.
func foreignLedger(p *fakeCluster) {
	unfinished(p)
	p.runs[0].Status.Ledger = []byte("not gzip")
}
