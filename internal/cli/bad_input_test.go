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

// Each bad input gets one clear message and its exit code, and nothing is written.
func TestBadInput(t *testing.T) {
	const file = " --operator testdata/operator.yaml --yes"
	for _, c := range []struct {
		name, line string
		change     func(*fakeCluster)
		want       int
		says       []string
	}{
		{name: "no revision", line: "upgrade --yes", want: exitUsage, says: []string{"--to", "-f"}},
		{name: "no label", line: "upgrade --to 1.31.0" + file, want: exitUsage, says: []string{"1.31.0", "Did you mean \"1-31-0\""}},
		{name: "reserved", line: "upgrade --to default" + file, want: exitUsage, says: []string{"reserved"}},
		{name: "not there", line: "upgrade --to 1-31-0 --yes", want: exitRefused, says: []string{"1-31-0", "1-29-1", "--operator"}},
		{
			name: "old one, no run", line: "upgrade --to 1-29-1 --remove-old --yes",
			want: exitRefused, says: []string{"nothing to move", "1-29-1", "--name"},
		},
		{
			name: "nothing is bound", line: "upgrade --to 1-29-1 --yes",
			want: exitRefused, says: []string{"no namespace is bound", "-n"},
			change: unbindAll,
		},
		{
			name: "unreadable file", line: "upgrade -f testdata/none.yaml --yes",
			want: exitUsage, says: []string{"testdata/none.yaml", "no such file"},
		},
		{
			name: "foreign file", line: "upgrade -f testdata/foreign.yaml --yes",
			want: exitUsage, says: []string{"ConfigMap", "MeshUpgrade"},
		},
		{name: "unknown field", line: "upgrade -f testdata/misspelt.yaml --yes", want: exitUsage, says: []string{"sook"}},
		{
			name: "foreign operator", line: "upgrade --to 1-31-0 --operator testdata/foreign.yaml --yes",
			want: exitUsage, says: []string{"ConfigMap", "IstioOperator"},
		},
		{name: "file and flags", line: "upgrade -f testdata/move.yaml --soak 5s --yes", want: exitUsage, says: []string{"--soak"}},
		{name: "unknown flag", line: "upgrade --two 1-31-0", want: exitUsage, says: []string{"--two"}},
		{name: "unknown command", line: "upgrad", want: exitUsage, says: []string{"upgrad"}},
		{name: "extra argument", line: "inventory shop-web", want: exitUsage, says: []string{"shop-web"}},
		{
			name: "a revision without its flag", line: "upgrade 1-31-0" + file, want: exitUsage,
			says: []string{`"1-31-0"`, "`rerig upgrade --to 1-31-0 --operator testdata/operator.yaml --yes`", "`rerig upgrade --help`"},
		},
		{
			name: "a version without its flag", line: "plan --name 1.31.0 --gateways last 1.31.0 --context east", want: exitUsage,
			says: []string{"`rerig plan --name 1.31.0 --gateways last --to 1-31-0 --context east`"},
		},
		{name: "a run without its flag", line: "upgrade --yes to-1-31-0", want: exitUsage, says: []string{"`rerig upgrade --yes --to 1-31-0`"}},
		{
			name: "an argument beside --to", line: "upgrade shop-web --to 1-31-0", want: exitUsage,
			says: []string{`unexpected argument "shop-web"; see`},
		},
		{name: "two arguments", line: "upgrade 1-29-1 1-31-0", want: exitUsage, says: []string{`unexpected argument "1-29-1"; see`}},
		{name: "unknown output", line: "inventory -o yaml", want: exitUsage, says: []string{"yaml"}},
		{name: "no selector", line: "upgrade --to 1-31-0 --selector ==" + file, want: exitUsage, says: []string{"--selector"}},
		{
			name: "a name that is no label", line: "upgrade --to 1-31-0 --name " + strings.Repeat("n", 64) + file,
			want: exitUsage, says: []string{"name the run", "63"},
		},
		{name: "negative", line: "upgrade --to 1-31-0 --parallel -1" + file, want: exitUsage, says: []string{"-1"}},
		{
			name: "two kinds of waves", line: "upgrade --to 1-31-0 --waves 2 --wave shop-web" + file,
			want: exitUsage, says: []string{"waves"},
		},
		{name: "no such namespace", line: "upgrade --to 1-31-0 -n shop-wob" + file, want: exitRefused, says: []string{"shop-wob"}},
		{
			name: "unbound namespace", line: "upgrade --to 1-31-0 -n plain" + file,
			want: exitRefused, says: []string{"plain", "not bound"},
		},
		{
			name: "label of no revision", line: "upgrade --to 1-31-0" + file,
			want: exitRefused, says: []string{"lost", "1-28-0", "--exclude-namespace lost"},
			change: bindToMissingRevision,
		},
		{
			name: "from nowhere", line: "upgrade --to 1-31-0 --from 1-28-0" + file,
			want: exitRefused, says: []string{"--from 1-28-0", "does not exist", "1-29-1"},
		},
		{
			name: "from the target", line: "upgrade --to 1-31-0 --from 1-31-0" + file,
			want: exitRefused, says: []string{"--from 1-31-0", "is the target revision", "1-29-1"},
		},
		{
			name: "no Istio", line: "upgrade --to 1-31-0" + file,
			want: exitRefused, says: []string{"no Istio control plane", "--istio-namespace"},
			change: func(p *fakeCluster) { p.world.Revisions, p.world.Webhooks = nil, nil },
		},
		{
			name: "no permission", line: "upgrade --to 1-31-0" + file,
			want: exitRefused, says: []string{"you may not", "patch namespaces"},
			change: func(p *fakeCluster) { p.lacks = []string{"patch namespaces"} },
		},
		{
			name: "no right to install", line: "upgrade --to 1-31-0" + file,
			want: exitRefused, says: []string{"you may not", "create services"},
			change: func(p *fakeCluster) { p.lacksToInstall = []string{"create services in istio-system"} },
		},
		{
			name: "no certificate", line: "upgrade --to 1-31-0" + file,
			want: exitRefused, says: []string{"no CA bundle", "istio-sidecar-injector-1-29-1"},
			change: func(p *fakeCluster) { p.world.Webhooks[1].Roots = nil },
		},
		{
			name: "two roots", line: "upgrade --to 1-31-0 --yes", want: exitRefused, says: []string{"two trust roots", "1-31-0"},
			change: twoRoots,
		},
		{
			name: "istiod not ready", line: "upgrade --to 1-31-0" + file,
			want: exitRefused, says: []string{"0/1 replicas ready", "1-29-1"},
			change: func(p *fakeCluster) { p.world.Revisions[0].Ready = 0 },
		},
		{
			name: "istiod silent", line: "upgrade --to 1-31-0" + file,
			want: exitRefused, says: []string{"istiod-1-29-1", "timed out"},
			change: func(p *fakeCluster) { p.world.Revisions[0].Istiods[0].NoAnswer = "timed out" },
		},
		{
			name: "another version", line: "upgrade --to 1-31-0 --version 1.30.0 --yes",
			want: exitRefused, says: []string{"1.31.0", "1.30.0"},
			change: func(p *fakeCluster) { addControlPlane(&p.world, "1-31-0", "1.31.0") },
		},
		{
			name: "a name used again", line: "upgrade --to 1-31-0 --operator testdata/tagged.yaml --yes",
			want: exitRefused, says: []string{"1.31.0", "1.32.0", "name"},
			change: func(p *fakeCluster) { addControlPlane(&p.world, "1-31-0", "1.31.0") },
		},
		{
			name: "two installers", line: "upgrade --to 1-31-0 --await" + file,
			want: exitUsage, says: []string{"--operator", "--await"},
		},
		{
			name: "a chart's flags alone", line: "upgrade --to 1-31-0 --values testdata/values.yaml" + file,
			want: exitUsage, says: []string{"--values", "--chart"},
		},
		{
			name: "a chart and a file", line: "upgrade --to 1-31-0 --chart x" + file,
			want: exitUsage, says: []string{"--operator", "--chart"},
		},
		{
			name: "no such values", line: "upgrade --to 1-31-0 --chart x --values testdata/none.yaml --yes",
			want: exitUsage, says: []string{"testdata/none.yaml"},
		},
		{name: "no such chart", line: "upgrade --chart ./nowhere --yes", want: exitUsage, says: []string{"./nowhere"}},
		{
			name: "no terminal to ask on", line: "upgrade --to 1-31-0 --operator testdata/operator.yaml",
			want: exitUsage, says: []string{"not a terminal", "--yes"},
		},
		{
			name: "another run", line: "upgrade --to 1-31-0" + file,
			want: exitRefused, says: []string{"unfinished", "to-1-30-0", "rerig rollback to-1-30-0"},
			change: unfinished,
		},
		{
			name: "a ledger of another version", line: "upgrade --to 1-31-0" + file,
			want: exitRefused, says: []string{"to-1-30-0", "status.ledger cannot be read", "Do NOT delete"},
			change: foreignLedger,
		},
		{name: "no run to roll back", line: "rollback --yes", want: exitRefused, says: []string{"no record of any"}},
		{
			name: "no such run", line: "rollback to-1-31-0 --yes", want: exitRefused, says: []string{"to-1-31-0", "to-1-30-0"},
			change: unfinished,
		},
		{
			name: "another process works on it", line: "rollback --yes", want: exitRefused, says: []string{"kim@host", "Ctrl-C"},
			change: func(p *fakeCluster) { unfinished(p); p.leaseHolder = "kim@host, process 7" },
		},
		{name: "a short Lease", line: "upgrade --to 1-31-0 --lease-duration 1s" + file, want: exitUsage, says: []string{"1s", "3s"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := shop()
			if c.change != nil {
				c.change(p)
			}
			code, _, err := runOn(p, c.line)
			if code != c.want {
				t.Errorf("got exit code %d, want %d", code, c.want)
			}
			for _, word := range c.says {
				if !strings.Contains(err, word) {
					t.Errorf("got a message without %q:\n%s", word, err)
				}
			}
			if !strings.HasPrefix(err, "rerig: ") || strings.Count(err, "rerig: ") != 1 {
				t.Errorf("got other than one message:\n%s", err)
			}
			if len(p.writes) > 0 {
				t.Errorf("got writes %s, want none", p.writes)
			}
		})
	}
}

func unbindAll(p *fakeCluster) {
	p.world.Workloads, p.world.Proxies, p.world.Webhooks = nil, nil, nil
	for i := range p.world.Namespaces {
		p.world.Namespaces[i].Labels = nil
	}
}

func bindToMissingRevision(p *fakeCluster) {
	p.world.Namespaces = append(p.world.Namespaces, mesh.Namespace{Name: "lost", Labels: map[string]string{mesh.RevisionLabel: "1-28-0"}})
	p.world.Workloads = append(p.world.Workloads, mesh.Workload{Kind: mesh.Deployment, Namespace: "lost", Name: "web", Replicas: 1})
	p.world.Sort()
}

func twoRoots(p *fakeCluster) {
	roots := p.world.Roots
	p.world.Roots = []string{"another root"}
	addControlPlane(&p.world, "1-31-0", "1.31.0")
	p.world.Roots = roots
}

// unfinished records a run whose plan was approved.
func unfinished(p *fakeCluster) {
	u := v1alpha1.MeshUpgrade{Spec: v1alpha1.MeshUpgradeSpec{Revision: "1-30-0"}}
	u.Name = "to-1-30-0"
	p.runs = append(p.runs, u)
	record := &fakeRecord{p, u.Name}
	ledger := step.Ledger{Started: noon, Waves: [][]string{{"shop-web"}}}
	if err := record.Save(context.Background(), ledger, engine.Summary{Phase: "Upgrading"}); err != nil {
		panic(err)
	}
}

// foreignLedger records a run that another version wrote.
func foreignLedger(p *fakeCluster) {
	unfinished(p)
	p.runs[0].Status.Ledger = []byte("not gzip")
}
