// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"crypto/tls"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"
)

// An istiod shows at its port for proxies to which root its certificate leads.
func TestWhatAnIstiodPresents(t *testing.T) {
	root, other := sign(t, nil, "", time.Now().Add(time.Hour)), sign(t, nil, "", time.Now().Add(time.Hour))
	between := sign(t, root, "", time.Now().Add(time.Hour))
	leaf := sign(t, between, "/ns/istio-system/sa/istiod", time.Now().Add(time.Hour))
	k := &kubelet{tls: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{leaf.certificate.Raw, between.certificate.Raw}, PrivateKey: leaf.key}}}}
	server := httptest.NewServer(k)
	defer server.Close()
	now := time.Now()
	c := &Cluster{Root: "shop", Patience: 2 * time.Second, Now: func() time.Time { return now }, pods: newPods(&rest.Config{Host: server.URL}), presented: map[string]presented{}}
	defer c.Close()
	stale := ""
	is := func(when string, bundle []byte, shut, foreign string) {
		t.Helper()
		s, d, f := c.presents(t.Context(), istiodPod{name: "web", uid: "1"}, bundle)
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
	k.tls = nil
	is("it counts for a while", other.pem(), "", "unknown authority")
	is("for these roots", root.pem(), "connection refused", "")
	now = now.Add(presentedFor)
	is("and is asked again", other.pem(), "connection refused", "")
}

// What is out of date leads where it leads all the same.
func TestOutOfDateIsNotAnotherRoot(t *testing.T) {
	now := time.Now()
	root, other := sign(t, nil, "", now.Add(24*time.Hour)), sign(t, nil, "", now.Add(24*time.Hour))
	between := sign(t, root, "", now.Add(23*time.Hour))
	leaf := sign(t, between, "/ns/istio-system/sa/istiod", now.Add(24*time.Hour-2*time.Minute))
	for name, test := range map[string]struct {
		at           time.Time
		by           *signer
		dated, early bool
	}{
		"in date":                      {now, root, false, false},
		"a clock that is behind":       {now.Add(-3 * time.Minute), root, true, true},
		"all of it is over":            {now.Add(48 * time.Hour), root, true, false},
		"what is between is over":      {now.Add(23*time.Hour + time.Minute), root, true, false},
		"out of date and of another":   {now.Add(48 * time.Hour), other, false, false},
		"of another, for a slow clock": {now.Add(-3 * time.Minute), other, false, false},
	} {
		err := leads(parsed([]*signer{leaf, between}), parsed([]*signer{test.by}), test.at)
		date, dated := errors.AsType[outOfDate](err)
		if dated != test.dated || date.early != test.early || (err == nil) != (name == "in date") || test.by == other && !strings.Contains(err.Error(), "unknown authority") {
			t.Errorf("%s: %v (early %t)", name, err, date.early)
		}
	}
}
