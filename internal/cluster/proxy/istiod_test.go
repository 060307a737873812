// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"crypto/tls"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/rerig/rerig/internal/cluster/podconn"
	"github.com/rerig/rerig/internal/cluster/podconn/kubelettest"
)

// An istiod presents, at its port for proxies, a certificate of a known root or of
// another one.
func TestIstiodPresentsCertificate(t *testing.T) {
	root, other := sign(t, nil, "", time.Now().Add(time.Hour)), sign(t, nil, "", time.Now().Add(time.Hour))
	between := sign(t, root, "", time.Now().Add(time.Hour))
	leaf := sign(t, between, "/ns/istio-system/sa/istiod", time.Now().Add(time.Hour))
	served := tls.Certificate{Certificate: [][]byte{leaf.certificate.Raw, between.certificate.Raw}, PrivateKey: leaf.key}
	k := &kubelettest.Kubelet{TLS: &tls.Config{Certificates: []tls.Certificate{served}}}
	server := httptest.NewServer(k)
	defer server.Close()
	now := time.Now()
	pods := podconn.NewPool(&rest.Config{Host: server.URL}, 2*time.Second)
	c := NewClient(pods, "shop", func() time.Time { return now })
	defer pods.Close()
	stale := ""
	is := func(when string, bundle []byte, shut, foreign string) {
		t.Helper()
		s, d, f := c.presents(t.Context(), Istiod{Name: "web", UID: "1"}, bundle)
		if (stale == "") != (d == "") || !strings.Contains(d, stale) {
			t.Errorf("%s: stale %q, want %q", when, d, stale)
		}
		if (shut == "") != (s == "") || !strings.Contains(s, shut) || (foreign == "") != (f == "") || !strings.Contains(f, foreign) {
			t.Errorf("%s: shut %q, foreign %q; want %q, %q", when, s, f, shut, foreign)
		}
	}
	is("no roots", nil, "", "")
	is("its own", root.pem(), "", "")
	is("one of two", append(other.pem(), root.pem()...), "", "")
	is("another", other.pem(), "", "unknown authority")
	now, stale = now.Add(2*time.Hour), "out of date by this machine's clock"
	is("its own, out of date", root.pem(), "", "")
	now, stale = now.Add(-2*time.Hour), ""
	is("another, again", other.pem(), "", "unknown authority")
	k.TLS = nil
	is("used for a while", other.pem(), "", "unknown authority")
	is("for these roots", root.pem(), "connection refused", "")
	now = now.Add(presentedFor)
	is("asked again later", other.pem(), "connection refused", "")
}

// A certificate out of date is not one of another root.
func TestOutOfDateIsNotAnotherRoot(t *testing.T) {
	now := time.Now()
	root, other := sign(t, nil, "", now.Add(24*time.Hour)), sign(t, nil, "", now.Add(24*time.Hour))
	between := sign(t, root, "", now.Add(23*time.Hour))
	leaf := sign(t, between, "/ns/istio-system/sa/istiod", now.Add(24*time.Hour-2*time.Minute))
	for _, test := range []struct {
		name         string
		at           time.Time
		by           *signer
		dated, early bool
	}{
		{"in date", now, root, false, false},
		{"a clock that is behind", now.Add(-3 * time.Minute), root, true, true},
		{"all expired", now.Add(48 * time.Hour), root, true, false},
		{"intermediate expired", now.Add(23*time.Hour + time.Minute), root, true, false},
		{"out of date and of another", now.Add(48 * time.Hour), other, false, false},
		{"of another, for a slow clock", now.Add(-3 * time.Minute), other, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := verifyChain(parsed([]*signer{leaf, between}), parsed([]*signer{test.by}), test.at)
			date, dated := errors.AsType[outOfDate](err)
			if dated != test.dated || date.early != test.early || (err == nil) != (test.name == "in date") ||
				test.by == other && !strings.Contains(err.Error(), "unknown authority") {
				t.Errorf("got %v (early %t)", err, date.early)
			}
		})
	}
}

func TestForgetsIstiodsThatAreGone(t *testing.T) {
	pods := podconn.NewPool(&rest.Config{}, time.Second)
	c := NewClient(pods, "istio-system", time.Now)
	c.presented = map[string]presented{"old": {}, "new": {}}
	c.forget([]Istiod{{Name: "istiod-0", UID: "new"}})
	if _, known := c.presented["new"]; !known || len(c.presented) != 1 {
		t.Errorf("got %v, want the certificate of the new pod", c.presented)
	}
}
