// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func TestReadinessProbe(t *testing.T) {
	statusCode, requests := http.StatusServiceUnavailable, 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ready" {
			requests++
			w.WriteHeader(statusCode)
		}
	}))
	defer s.Close()
	c := &corev1.Container{
		Ports: []corev1.ContainerPort{{Name: "debug", ContainerPort: 8080}},
		ReadinessProbe: &corev1.Probe{PeriodSeconds: 3, FailureThreshold: 2, ProbeHandler: corev1.ProbeHandler{
			HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromString("debug")}}},
	}
	p := newReadinessProbe(c, map[int]string{8080: strings.TrimPrefix(s.URL, "http://")})
	check := func(after time.Duration, want bool, wantRequests int) {
		t.Helper()
		if got := p.check(context.Background(), noon.Add(after)); got != want || requests != wantRequests {
			t.Errorf("after %s: got ready %t, %d requests, want %t, %d requests", after, got, requests, want, wantRequests)
		}
	}
	check(0, false, 1)
	check(100*time.Millisecond, false, 2) // before the first success every check probes
	statusCode = http.StatusOK
	check(200*time.Millisecond, true, 3)
	statusCode = http.StatusInternalServerError
	check(time.Second, true, 3) // the period is 3 s
	check(4*time.Second, true, 4)
	check(8*time.Second, false, 5) // the second failure in a row
}
