// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"context"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// requests counts what the proxies of trial pods passed on to their applications, by
// workload.
type requests struct {
	mu   sync.Mutex
	of   map[string]int
	last map[string]time.Time // when a trial pod was last seen
}

// inbound matches the totals of an Envoy's inbound hosts: requests, or connections for
// plain TCP.
var inbound = regexp.MustCompile(`(?m)^inbound\|[^:]*::.*::(?:rq_total|cx_total)::(\d+)$`)

// countRequests reads the counts of trial pods' proxies every second, until the test
// ends.
func (l *lab) countRequests(t *testing.T) *requests {
	t.Helper()
	r, program := &requests{of: map[string]int{}, last: map[string]time.Time{}}, labProgram(t)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			pods, err := l.core.Pods("").List(ctx, metav1.ListOptions{LabelSelector: "rerig.dev/trial"})
			if err == nil {
				for _, p := range pods.Items {
					r.ask(ctx, l, program, p)
				}
			}
			time.Sleep(time.Second)
		}
	}()
	t.Cleanup(func() { stop(); <-done })
	return r
}

func (r *requests) ask(ctx context.Context, l *lab, program string, p corev1.Pod) {
	kind, name, _ := strings.Cut(p.Annotations["rerig.dev/trial-of"], " ")
	key := kind + " " + p.Namespace + "/" + name
	r.mu.Lock()
	r.last[key] = time.Now()
	r.mu.Unlock()
	out, err := exec.CommandContext(ctx, program, "run", "--name", l.name, "--", "kubectl", "exec", "-n", p.Namespace, p.Name,
		"-c", "istio-proxy", "--", "pilot-agent", "request", "GET", "clusters").Output()
	if err != nil {
		return // it does not run
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, found := range inbound.FindAllStringSubmatch(string(out), -1) {
		if n, err := strconv.Atoi(found[1]); err == nil {
			r.of[key] = max(r.of[key], n)
		}
	}
}
