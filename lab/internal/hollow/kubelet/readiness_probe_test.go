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

func TestReadiness(t *testing.T) {
	answer, asked := http.StatusServiceUnavailable, 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ready" {
			asked++
			w.WriteHeader(answer)
		}
	}))
	defer s.Close()
	c := &corev1.Container{
		Ports: []corev1.ContainerPort{{Name: "debug", ContainerPort: 8080}},
		ReadinessProbe: &corev1.Probe{PeriodSeconds: 3, FailureThreshold: 2, ProbeHandler: corev1.ProbeHandler{
			HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromString("debug")}}},
	}
	r := newReadiness(c, map[int]string{8080: strings.TrimPrefix(s.URL, "http://")})
	look := func(after time.Duration, want bool, times int) {
		t.Helper()
		if got := r.look(context.Background(), noon.Add(after)); got != want || asked != times {
			t.Errorf("after %s it is ready: %t, asked %d times; want %t, %d times", after, got, asked, want, times)
		}
	}
	look(0, false, 1)
	look(100*time.Millisecond, false, 2) // before the first yes each look asks
	answer = http.StatusOK
	look(200*time.Millisecond, true, 3)
	answer = http.StatusInternalServerError
	look(time.Second, true, 3) // the period is 3 s
	look(4*time.Second, true, 4)
	look(8*time.Second, false, 5) // the second no in a row
}
