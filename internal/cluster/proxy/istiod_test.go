// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/rerig/rerig/internal/cluster/podconn"
	"github.com/rerig/rerig/internal/cluster/podconn/kubelettest"
	"github.com/rerig/rerig/internal/mesh"
)

// An istiod presents, at its port for proxies, a certificate of a known root or of
// another one.
func TestIstiodPresentsCertificate(t *testing.T) {
	root, other := sign(t, nil, "", time.Now().Add(time.Hour)), sign(t, nil, "", time.Now().Add(time.Hour))
	between := sign(t, root, "", time.Now().Add(time.Hour))
	leaf := signServer(t, between, x509.ExtKeyUsageServerAuth, "istiod.istio-system.svc")
	k := serving(leaf, between)
	now := time.Now()
	c := asking(t, k, func() time.Time { return now })
	stale := ""
	is := func(when string, bundle []byte, shut, foreign string) {
		t.Helper()
		var i mesh.Istiod
		c.presentsToProxies(t.Context(), Istiod{Name: "web", UID: "1"}, bundle, &i)
		s, d, f := i.PortClosed, i.CertificateNotValid, i.ForeignRoot
		if (stale == "") != (d == "") || !strings.Contains(d, stale) {
			t.Errorf("%s: stale %q, want %q", when, d, stale)
		}
		if (shut == "") != (s == "") || !strings.Contains(s, shut) || (foreign == "") != (f == "") || !strings.Contains(f, foreign) {
			t.Errorf("%s: shut %q, foreign %q; want %q, %q", when, s, f, shut, foreign)
		}
		if want := leaf.certificate.DNSNames; shut == "" && !slices.Equal(i.Names, want) {
			t.Errorf("%s: names %q, want %q", when, i.Names, want)
		}
	}
	is("no roots", nil, "", "")
	is("its own", root.pem(), "", "")
	is("one of two", append(other.pem(), root.pem()...), "", "")
	is("another", other.pem(), "", "unknown authority")
	now, stale = now.Add(2*time.Hour), "out of date by this machine's clock"
	is("its own, out of date", root.pem(), "", "")
	now, stale = now.Add(-2*time.Hour), ""
	k.TLS = nil
	is("used for a while", other.pem(), "", "unknown authority")
	is("for other roots", between.pem(), "connection refused", "")
	now = now.Add(presentedFor)
	is("asked again later", other.pem(), "connection refused", "")
}

// The API server calls a webhook by the name of its Service and trusts its caBundle alone.
func TestAPIServerVerifiesIstiod(t *testing.T) {
	const host, another = "istiod-1-31-0.istio-system.svc", "istiod.istio-system.svc"
	root, other := sign(t, nil, "", time.Now().Add(time.Hour)), sign(t, nil, "", time.Now().Add(time.Hour))
	expired := sign(t, root, "", time.Now().Add(-time.Hour))
	server, forClients := x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth
	for _, test := range []struct {
		name             string
		leaf             *signer
		bundle           *signer
		port             int
		notFor, distrust string
	}{
		{"its name", signServer(t, root, server, another, host), root, kubelettest.TLS, "", ""},
		{"a wildcard", signServer(t, root, server, "*.istio-system.svc"), root, kubelettest.TLS, "", ""},
		{"another name", signServer(t, root, server, another), root, kubelettest.TLS, "valid for " + another + ", not " + host, ""},
		{"no name", sign(t, root, "/ns/istio-system/sa/istiod", time.Now().Add(time.Hour)), root, kubelettest.TLS, "not valid for any names", ""},
		{"another authority", signServer(t, root, server, host), other, kubelettest.TLS, "", "unknown authority"},
		{"no certificate for servers", signServer(t, root, forClients, host), root, kubelettest.TLS, "", "incompatible key usage"},
		{"out of date by this clock", signServer(t, expired, server, host), root, kubelettest.TLS, "", ""},
		{"port closed", signServer(t, root, server, host), root, kubelettest.Refusing, "", "port 1: connection refused"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := asking(t, serving(test.leaf, expired), time.Now)
			var i mesh.Istiod
			calls := []WebhookCall{{Host: host, Port: test.port, Bundle: test.bundle.pem()}}
			c.presentsToAPIServer(t.Context(), Istiod{Name: "web", UID: "1", Webhooks: calls}, &i)
			if (test.notFor == "") != (i.WebhookNameNotValid == "") || !strings.Contains(i.WebhookNameNotValid, test.notFor) {
				t.Errorf("name: got %q, want %q", i.WebhookNameNotValid, test.notFor)
			}
			if (test.distrust == "") != (i.WebhookNotTrusted == "") || !strings.Contains(i.WebhookNotTrusted, test.distrust) {
				t.Errorf("trust: got %q, want %q", i.WebhookNotTrusted, test.distrust)
			}
		})
	}
}

// serving returns a pod that presents a certificate.
func serving(leaf, between *signer) *kubelettest.Kubelet {
	served := tls.Certificate{Certificate: [][]byte{leaf.certificate.Raw, between.certificate.Raw}, PrivateKey: leaf.key}
	return &kubelettest.Kubelet{TLS: &tls.Config{Certificates: []tls.Certificate{served}}}
}

// asking returns a client that asks a pod.
func asking(t *testing.T, k *kubelettest.Kubelet, now func() time.Time) *Client {
	t.Helper()
	server := httptest.NewServer(k)
	t.Cleanup(server.Close)
	pods := podconn.NewPool(&rest.Config{Host: server.URL}, 2*time.Second)
	t.Cleanup(pods.Close)
	return NewClient(pods, "shop", now)
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
			err := verifyChain(parsed([]*signer{leaf, between}), parsed([]*signer{test.by}), x509.ExtKeyUsageAny, test.at)
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
	recent := presented{at: time.Now()}
	c.chains = map[handshake]presented{{uid: "old"}: recent, {uid: "new"}: recent, {uid: "new", port: 1}: {}}
	c.forget([]Istiod{{Name: "istiod-0", UID: "new"}})
	if _, known := c.chains[handshake{uid: "new"}]; !known || len(c.chains) != 1 {
		t.Errorf("got %v, want the recent certificate of the new pod", c.chains)
	}
}
