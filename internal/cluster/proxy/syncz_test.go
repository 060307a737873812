// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
)

func TestSyncz(t *testing.T) {
	tests := map[string][]mesh.Proxy{
		"testdata/syncz-1.31.0.json": {
			{Namespace: "shop-web", Pod: "web-7d9f8b5c4-x2x7q", Version: "1.31.0", Istiod: "istiod-0", Revision: "new",
				Sent: []string{"CDS", "EDS", "LDS", "NDS", "RDS"}, Unacked: []string{"EDS"}},
			{Namespace: "istio-ingress", Pod: "gw.v2-0", Router: true, Version: "1.31.0", Istiod: "istiod-0", Revision: "new",
				Sent: []string{"CDS", "LDS"}, Unacked: []string{"LDS"},
				Rejected: []mesh.Rejection{{Type: "LDS", Reason: "Error adding/updating listener(s) 0.0.0.0_8443: bad filter"}}},
		},
		"testdata/syncz-1.18.0.json": {
			{Namespace: "shop-web", Pod: "web-7d9f8b5c4-x2x7q", Version: "1.18.0", Istiod: "istiod-0", Revision: "new",
				Sent: []string{"CDS", "EDS", "LDS", "RDS"}, Unacked: []string{"LDS"}},
		},
	}
	for name, want := range tests {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		got, err := readSyncz(file, "istiod-0", "new")
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestSynczOfNobody(t *testing.T) {
	for _, text := range []string{"[]", "null"} {
		if got, err := readSyncz(strings.NewReader(text), "i", "r"); err != nil || len(got) != 0 {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
}

// Half an answer is no answer: proxies that are missing from it would count as
// connected nowhere.
func TestSynczBroken(t *testing.T) {
	complete, err := os.ReadFile("testdata/syncz-1.31.0.json")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.TrimSpace(string(complete))
	for _, broken := range []string{"", "{}", "404 page not found", text[:len(text)-1], text[:len(text)/2]} {
		if got, err := readSyncz(strings.NewReader(broken), "i", "r"); err == nil {
			t.Errorf("%.20q was read as %d proxies", broken, len(got))
		}
	}
	limited := io.MultiReader(strings.NewReader(text[:100]), iotest.ErrReader(errors.New("the answer is too long")))
	if _, err := readSyncz(limited, "i", "r"); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("an answer beyond its limit gave %v", err)
	}
}

func TestVersionAnswers(t *testing.T) {
	for answer, want := range map[string]string{
		"1.29.1-6991a379e1fcb9a1f1d-Clean": "1.29.1",
		"1.31.0-rc.0-eed52ebb66ad-unknown": "1.31.0-rc.0",
		"unknown-unknown-unknown":          "",
		`{"version":"1.31.0"}`:             "1.31.0",
		"":                                 "",
		"<html>":                           "",
	} {
		if got := readVersion([]byte(answer)); got != want {
			t.Errorf("%q gave %q, want %q", answer, got, want)
		}
	}
}
