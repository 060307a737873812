// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// readinessProbe performs a container's HTTP readiness probe with its period, timeout and
// threshold. Unlike a kubelet it probes at every check until the first success, so that a lab
// starts quickly.
type readinessProbe struct {
	url       string // empty if the container has no such probe; it is then ready at once
	period    time.Duration
	threshold int32
	client    *http.Client

	ready    bool
	failures int32
	next     time.Time
}

func newReadinessProbe(c *corev1.Container, localAddresses map[int]string) *readinessProbe {
	p := c.ReadinessProbe
	if p == nil || p.HTTPGet == nil {
		return &readinessProbe{}
	}
	scheme := "http://"
	if p.HTTPGet.Scheme == corev1.URISchemeHTTPS {
		scheme = "https://"
	}
	return &readinessProbe{
		url:       scheme + localAddresses[portNumber(c, p.HTTPGet.Port)] + p.HTTPGet.Path,
		period:    secondsOr(p.PeriodSeconds, 10),
		threshold: max(p.FailureThreshold, 1),
		client:    &http.Client{Timeout: secondsOr(p.TimeoutSeconds, 1), Transport: &http.Transport{DisableKeepAlives: true}},
	}
}

func secondsOr(n, defaultSeconds int32) time.Duration {
	if n == 0 {
		n = defaultSeconds
	}
	return time.Duration(n) * time.Second
}

// portNumber returns the number of a port that may be given by name.
func portNumber(c *corev1.Container, port intstr.IntOrString) int {
	for _, p := range c.Ports {
		if port.Type == intstr.String && p.Name == port.StrVal {
			return int(p.ContainerPort)
		}
	}
	return port.IntValue()
}

// check reports whether the container is ready at time now.
func (p *readinessProbe) check(ctx context.Context, now time.Time) bool {
	if p.url == "" {
		return true
	}
	if p.ready && now.Before(p.next) {
		return true
	}
	p.next = now.Add(p.period)
	if p.request(ctx) {
		p.ready, p.failures = true, 0
		return true
	}
	p.failures++
	if p.failures >= p.threshold {
		p.ready = false
	}
	return p.ready
}

func (p *readinessProbe) request(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url, nil)
	if err != nil {
		return false
	}
	res, err := p.client.Do(req)
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode >= 200 && res.StatusCode < 400
}
