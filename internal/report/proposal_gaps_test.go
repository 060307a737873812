// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/command"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/parity"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/report/reporttest"
	"github.com/rerig/rerig/internal/step"
)

const ingress = mesh.WorkloadRef("Deployment istio-system/istio-ingressgateway")

func gapTo(name string, first, last int) parity.Gap {
	to := mesh.RefOf(mesh.Deployment, "shop-web", name)
	return parity.Gap{Hop: mesh.Hop{From: ingress, To: to}, FromVersion: "1.29.1", ToVersion: "1.31.0", FirstWave: first, LastWave: last}
}

func TestVersionGapsAreListed(t *testing.T) {
	var many []parity.Gap
	for i := range 30 {
		many = append(many, gapTo(fmt.Sprintf("service-%02d", i), 1+i%2, 0))
	}
	for _, c := range []struct {
		name    string
		file    string
		gaps    []parity.Gap
		unknown []string
	}{
		{"few", "gaps.txt", []parity.Gap{gapTo("web", 1, 0), gapTo("cart", 1, 3), gapTo("api", 2, 2)}, nil},
		{"many", "gaps-many.txt", many, []string{"HTTPRoutes", "TLSRoutes"}},
		{"unknown", "gaps-unknown.txt", nil, []string{"VirtualServices"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newPlanView(Proposal{Gaps: c.gaps, UnknownRoutes: c.unknown}, format.Style{Width: 80})
			page := strings.Join(v.gaps(), "\n") + "\n"
			golden(t, c.file, page)
			fitsTerminal(t, page)
			details := strings.Join(newPlanView(v.Proposal, format.Style{Details: true}).gaps(), "\n")
			for _, g := range c.gaps {
				if !strings.Contains(details, objectName(g.To)+" ") {
					t.Errorf("--details: got no %s", g.To)
				}
			}
		})
	}
}

func TestVersionGapsAreInTheProposal(t *testing.T) {
	p := proposal(t, reporttest.Mesh(), reporttest.Intent, step.Ledger{})
	p.Gaps, p.UnknownRoutes = []parity.Gap{gapTo("web", 1, 0)}, []string{"TLSRoutes"}
	if text := p.Text(format.Style{}); !strings.Contains(text, "Paths on which proxy versions differ meanwhile (1)") {
		t.Errorf("got a plan without the section:\n%s", text)
	}
	text, err := JSON(p.Object(), command.Flags{})
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ VersionGaps, UnknownRoutes any }
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	want := "[map[firstWave:1 from:" + string(ingress) + " fromVersion:1.29.1 to:Deployment shop-web/web toVersion:1.31.0]] [TLSRoutes]"
	if text := fmt.Sprint(got.VersionGaps, " ", got.UnknownRoutes); text != want {
		t.Errorf("got %s, want %s", text, want)
	}
}
