// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"crypto/tls"
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
	is := func(when string, bundle []byte, shut, foreign string) {
		t.Helper()
		s, f := c.presents(t.Context(), istiodPod{name: "web", uid: "1"}, bundle)
		if (shut == "") != (s == "") || !strings.Contains(s, shut) || (foreign == "") != (f == "") || !strings.Contains(f, foreign) {
			t.Errorf("%s: shut %q, foreign %q; want %q, %q", when, s, f, shut, foreign)
		}
	}
	is("no roots", nil, "", "")
	is("its own", root.pem(), "", "")
	is("one of two", append(other.pem(), root.pem()...), "", "")
	is("another", other.pem(), "", "unknown authority")
	k.tls = nil
	is("it counts for a while", other.pem(), "", "unknown authority")
	is("for these roots", root.pem(), "connection refused", "")
	now = now.Add(presentedFor)
	is("and is asked again", other.pem(), "connection refused", "")
}
