// SPDX-License-Identifier: Apache-2.0

package verify

import "testing"

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
