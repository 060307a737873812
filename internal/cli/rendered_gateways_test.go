// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/install"
	"github.com/rerig/rerig/internal/mesh"
)

// gatewayShop is shop with a gateway that istioctl installed and that can be moved.
func gatewayShop() *fakeCluster {
	p := shop()
	for i, wl := range p.world.Workloads {
		if !wl.Gateway {
			continue
		}
		wl.ReplicaSetHash = "h1"
		wl.Template.Annotations = map[string]string{mesh.RevisionLabel: "1-29-1"}
		wl.Installed = mesh.InstalledGateway{Operator: "mine", Component: "IngressGateways", Revision: "1-29-1"}
		wl.Services = []mesh.Service{{Name: wl.Name, Selector: map[string]string{"app": wl.Name}}}
		p.world.Workloads[i] = wl
	}
	return p
}

const (
	gatewayLine = "plan --to 1-31-0 --operator testdata/operator.yaml --gateways last --workload"
	gatewayRule = "Deployment istio-system/istio-ingressgateway=held-rollout"
)

// The plan shows what the template of a gateway is rendered from, and its digest covers that.
func TestPlanShowsRenderedTemplates(t *testing.T) {
	digests := map[string]bool{}
	for _, rendered := range []string{"aaaaaaaaaaaa", "bbbbbbbbbbbb"} {
		p := gatewayShop()
		p.gateways = []install.GatewayDraft{{Operator: "rerig-gateway-istio-ingressgateway", Rendered: rendered, Template: []byte("{}")}}
		code, out, err := runOn(p, gatewayLine, gatewayRule)
		text := strings.Join(strings.Fields(out), " ")
		for _, want := range []string{
			"upgrade 2 namespaces and 1 gateway in 3 waves", "Wave 3 of 3 Deployment istio-system/istio-ingressgateway",
			"its template rendered from IstioOperator rerig-gateway-istio-ingressgateway, digest " + rendered,
			"label objects of Deployment istio-system/istio-ingressgateway istio.io/rev 1-29-1 -> 1-31-0 once its old pods are gone",
			"A held rollout changes the template",
		} {
			if code != exitDone || !strings.Contains(text, want) {
				t.Errorf("got exit code %d, want %d and %q: %s\n%s", code, exitDone, want, err, out)
			}
		}
		_, digest, _ := strings.Cut(text, "Plan digest ")
		digests[digest] = true
	}
	if len(digests) != 2 {
		t.Errorf("got plan digests %v, want another one for another template", digests)
	}
}

// What istioctl cannot render refuses the plan; without the rule nothing is rendered.
func TestTemplateThatIsNotRenderedRefuses(t *testing.T) {
	p := gatewayShop()
	p.failsGateways = errors.New("the IstioOperator file does not have that gateway")
	if code, _, err := runOn(p, gatewayLine, gatewayRule); code != exitRefused || !strings.Contains(err, "does not have that gateway") {
		t.Errorf("got exit code %d, want %d and the reason: %s", code, exitRefused, err)
	}
	if code, _, err := runOn(p, gatewayLine, "Deployment */*=swap"); code != exitDone {
		t.Errorf("a pattern: got exit code %d, want %d: %s", code, exitDone, err)
	}
}
