// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// readiness asks a container's HTTP readiness probe, with its own period,
// timeout and threshold. One thing a kubelet does not do: before the first yes
// it asks at each look, so that a lab is up as soon as it can be.
type readiness struct {
	url       string // "" when the container has no such probe: ready at once
	period    time.Duration
	threshold int32
	client    *http.Client

	ready  bool
	failed int32
	next   time.Time
}

func newReadiness(c *corev1.Container, led map[int]string) *readiness {
	p := c.ReadinessProbe
	if p == nil || p.HTTPGet == nil {
		return &readiness{}
	}
	scheme := "http://"
	if p.HTTPGet.Scheme == corev1.URISchemeHTTPS {
		scheme = "https://"
	}
	return &readiness{
		url:       scheme + led[number(c, p.HTTPGet.Port)] + p.HTTPGet.Path,
		period:    seconds(p.PeriodSeconds, 10),
		threshold: max(p.FailureThreshold, 1),
		client:    &http.Client{Timeout: seconds(p.TimeoutSeconds, 1), Transport: &http.Transport{DisableKeepAlives: true}},
	}
}

func seconds(n, usual int32) time.Duration {
	if n == 0 {
		n = usual
	}
	return time.Duration(n) * time.Second
}

// number is a probe's port, which may be given by name.
func number(c *corev1.Container, port intstr.IntOrString) int {
	for _, p := range c.Ports {
		if port.Type == intstr.String && p.Name == port.StrVal {
			return int(p.ContainerPort)
		}
	}
	return port.IntValue()
}

// look says whether the container is ready at the time now.
func (r *readiness) look(ctx context.Context, now time.Time) bool {
	if r.url == "" {
		return true
	}
	if r.ready && now.Before(r.next) {
		return true
	}
	r.next = now.Add(r.period)
	if r.ask(ctx) {
		r.ready, r.failed = true, 0
		return true
	}
	r.failed++
	if r.failed >= r.threshold {
		r.ready = false
	}
	return r.ready
}

func (r *readiness) ask(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url, nil)
	if err != nil {
		return false
	}
	res, err := r.client.Do(req)
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode >= 200 && res.StatusCode < 400
}
