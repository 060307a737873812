// SPDX-License-Identifier: Apache-2.0

package verify

import "testing"

// TestHoldersAreNamedOnce: a gateway that holds on in three ways is one line.
func TestHoldersAreNamedOnce(t *testing.T) {
	got := Sentence("1-29-1", []Holder{
		{"Deployment istio-ingress/gateway", "pod gateway-0 runs its proxy"},
		{"Pod forgotten/alone", "pod alone runs its proxy"},
		{"Deployment istio-ingress/gateway", "its template bears istio.io/rev=1-29-1"},
	})
	want := "revision 1-29-1 cannot go: Deployment istio-ingress/gateway: pod gateway-0 runs its proxy, its template bears istio.io/rev=1-29-1; Pod forgotten/alone: pod alone runs its proxy"
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
