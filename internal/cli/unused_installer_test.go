// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
)

// What a revision would be installed from is not ignored silently where the revision exists.
func TestPlanNamesAnInstallerThatIsNotUsed(t *testing.T) {
	exists := func(p *fakeCluster) {
		addControlPlane(&p.world, "1-31-0", "1.31.0")
		p.world.Sort()
	}
	const note = "revision 1-31-0 Istio 1.31.0; not used: "
	for _, c := range []struct {
		name, line string
		change     func(*fakeCluster)
		want       string // "" for no note
	}{
		{name: "an IstioOperator file", line: "plan --to 1-31-0 --operator testdata/operator.yaml", change: exists,
			want: note + "testdata/operator.yaml what to do: to install from that, choose another name for the new revision"},
		{name: "a chart", line: "plan --to 1-31-0 --chart oci://registry.example.com/istiod", change: exists,
			want: note + "oci://registry.example.com/istiod"},
		{name: "before the approval", line: "upgrade --to 1-31-0 --operator testdata/operator.yaml --yes", change: exists,
			want: note + "testdata/operator.yaml"},
		{name: "nothing is given", line: "plan --to 1-31-0", change: exists},
		{name: "the revision does not exist", line: "plan --to 1-31-0 --operator testdata/operator.yaml", change: func(*fakeCluster) {}},
		{name: "the run has installed it", line: upgradeLine + " --yes", change: func(p *fakeCluster) {
			p.rejectsConfig = "db-1"
			runOn(p, upgradeLine+" --yes")
			p.acceptConfig()
			p.world.Namespaces = append(p.world.Namespaces, mesh.Namespace{Name: "late", Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}})
			addWorkload(&p.world, mesh.Workload{Kind: mesh.Deployment, Namespace: "late", Name: "web"})
			p.world.Sort()
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := shop()
			c.change(p)
			code, out, err := runOn(p, c.line)
			out = strings.Join(strings.Fields(out), " ")
			if code != exitDone || !strings.Contains(out, "Plan to-1-31-0") || !strings.Contains(out, c.want) ||
				c.want == "" && strings.Contains(out, "not used") {
				t.Errorf("got exit code %d, want %d, a plan and the note %q: %s\n%s", code, exitDone, c.want, err, out)
			}
		})
	}
}
