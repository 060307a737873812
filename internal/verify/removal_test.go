// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
)

func TestStillUsedNamesEachSubjectOnce(t *testing.T) {
	got := StillUsed("1-29-1", []Reference{
		{"Deployment istio-ingress/gateway", "pod gateway-0 runs its proxy"},
		{"Pod legacy/alone", "pod alone runs its proxy"},
		{"Deployment istio-ingress/gateway", "its template has istio.io/rev=1-29-1"},
	})
	want := "revision 1-29-1 is still used by Deployment istio-ingress/gateway: pod gateway-0 runs its proxy, " +
		"its template has istio.io/rev=1-29-1; Pod legacy/alone: pod alone runs its proxy"
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// A webhook configuration that calls the revision is named with the command that points it at
// the next one.
func TestCallingWebhookIsNamedWithACommand(t *testing.T) {
	f := removalFacts()
	f.Successor = "1-31-0"
	f.World.References = []mesh.Reference{{Subject: "ValidatingWebhookConfiguration istio-validator-stable", Revision: "1-29-1",
		Through: "it calls Service istiod-1-29-1", Webhooks: []int{0, 2}}}
	got := StillUsed("1-29-1", References(f))
	for _, want := range []string{
		"ValidatingWebhookConfiguration istio-validator-stable: it calls Service istiod-1-29-1",
		"kubectl patch validatingwebhookconfiguration istio-validator-stable --type=json",
		`{"op":"replace","path":"/webhooks/0/clientConfig/service/name","value":"istiod-1-31-0"}`,
		`{"op":"replace","path":"/webhooks/2/clientConfig/service/name","value":"istiod-1-31-0"}`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got %q, want %q in it", got, want)
		}
	}
}
