// SPDX-License-Identifier: Apache-2.0

// Package endpoints finds the ready endpoints of a Service by its DNS name. It replaces DNS and
// kube-proxy.
package endpoints

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// Lister looks up Services and EndpointSlices. It returns nil if there are none.
type Lister interface {
	Service(namespace, name string) *corev1.Service
	Slices(namespace, service string) []*discoveryv1.EndpointSlice
}

// PickReady returns the IP:port of a random ready endpoint of host:port. The host is or starts with
// SERVICE.NAMESPACE, and port is a port of the Service.
func PickReady(b Lister, hostport string) (string, error) {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return "", fmt.Errorf("parse address %q: %w", hostport, err)
	}
	words := strings.Split(host, ".")
	if len(words) < 2 {
		return "", fmt.Errorf("find Service %q: the name has no namespace", host)
	}
	s := b.Service(words[1], words[0])
	if s == nil {
		return "", fmt.Errorf("find Service %s/%s: not found", words[1], words[0])
	}
	name, ok := portName(s, port)
	if !ok {
		return "", fmt.Errorf("find port %s of Service %s/%s: not found", port, s.Namespace, s.Name)
	}
	all := readyAddresses(b.Slices(s.Namespace, s.Name), name)
	if len(all) == 0 {
		return "", fmt.Errorf("find an endpoint of Service %s/%s: no endpoint is ready", s.Namespace, s.Name)
	}
	return all[rand.IntN(len(all))], nil
}

func portName(s *corev1.Service, port string) (string, bool) {
	for _, p := range s.Spec.Ports {
		if strconv.Itoa(int(p.Port)) == port {
			return p.Name, true
		}
	}
	return "", false
}

func readyAddresses(slices []*discoveryv1.EndpointSlice, portName string) []string {
	var all []string
	for _, s := range slices {
		for _, p := range s.Ports {
			if p.Port == nil || (p.Name != nil && *p.Name != portName) {
				continue
			}
			for _, e := range s.Endpoints {
				if (e.Conditions.Ready == nil || *e.Conditions.Ready) && len(e.Addresses) > 0 {
					all = append(all, net.JoinHostPort(e.Addresses[0], strconv.Itoa(int(*p.Port))))
				}
			}
		}
	}
	return all
}
