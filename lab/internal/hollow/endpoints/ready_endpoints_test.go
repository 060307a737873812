// SPDX-License-Identifier: Apache-2.0

package endpoints

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type fakeLister map[string][]*discoveryv1.EndpointSlice

func (b fakeLister) Service(namespace, name string) *corev1.Service {
	if _, ok := b[namespace+"/"+name]; !ok {
		return nil
	}
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "dns", Port: 15012}, {Name: "webhook", Port: 443}}},
	}
}

func (b fakeLister) Slices(namespace, service string) []*discoveryv1.EndpointSlice {
	return b[namespace+"/"+service]
}

func slice(name string, port int32, ready map[string]bool) *discoveryv1.EndpointSlice {
	s := &discoveryv1.EndpointSlice{Ports: []discoveryv1.EndpointPort{{Name: &name, Port: &port}}}
	for ip, r := range ready {
		s.Endpoints = append(s.Endpoints, discoveryv1.Endpoint{Addresses: []string{ip}, Conditions: discoveryv1.EndpointConditions{Ready: &r}})
	}
	return s
}

func TestPickReady(t *testing.T) {
	b := fakeLister{
		"istio-system/istiod": {
			slice("dns", 15012, map[string]bool{"10.245.0.1": true, "10.245.0.2": false, "10.245.0.3": true}),
			slice("webhook", 15017, map[string]bool{"10.245.0.1": true}),
		},
		"istio-system/idle": {slice("dns", 15012, map[string]bool{"10.245.0.2": false})},
	}
	seen := map[string]bool{}
	for range 200 {
		got, err := PickReady(b, "istiod.istio-system.svc:15012")
		if err != nil {
			t.Fatal(err)
		}
		seen[got] = true
	}
	if len(seen) != 2 || !seen["10.245.0.1:15012"] || !seen["10.245.0.3:15012"] {
		t.Errorf("got %v in 200 calls, want both ready endpoints", seen)
	}
	if got, err := PickReady(b, "istiod.istio-system.svc.cluster.local:443"); err != nil || got != "10.245.0.1:15017" {
		t.Errorf("port 443: got %q, %v, want its target port", got, err)
	}
	for _, c := range []struct{ name, hostport, want string }{
		{name: "not ready", hostport: "idle.istio-system.svc:15012", want: "no endpoint is ready"},
		{name: "unknown Service", hostport: "missing.istio-system.svc:15012", want: "not found"},
		{name: "unknown port", hostport: "istiod.istio-system.svc:9999", want: "find port 9999"},
		{name: "no namespace", hostport: "istiod:15012", want: "no namespace"},
		{name: "no port", hostport: "istiod.istio-system.svc", want: "parse address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := PickReady(b, c.hostport); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, error %v, want an error with %q", got, err, c.want)
			}
		})
	}
}
