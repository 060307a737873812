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

// TestTrialUnderLoad creates a trial pod of each workload under load, with real proxies.
func TestTrialUnderLoad(t *testing.T) {
	l := realLab(t, "under load, with real proxies: the trial pod of each workload serves real requests, none fails but at the service "+
		"that does not drain, and nothing is left")
	c := l.countRequests(t)
	l.readLoad(t) // resets its counts
	e := start(t, l.kubeconfig, installArgs(t, "--trial", "in-service")...).end(t, 2*runTimeout)
	e.requireExit(t, exitDone)
	t.Logf("upgrade with trials: %s", short(e.took))
	report := l.readLoad(t)
	report.requireServed(t, "the upgrade with trials")
	l.requireNoTrials(t)
	l.requirePlacement(t, everywhere(newRevision))
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, wl := range shopWorkloads {
		t.Logf("the trial pod of %s served %d requests or connections", wl, c.of[wl])
		if c.of[wl] == 0 {
			t.Errorf("the trial pod of %s served nothing", wl)
		}
	}
	// The service that does not drain loses requests in its restart, and none in its trial.
	for _, f := range report.Failures {
		at, err := time.Parse(time.RFC3339Nano, f.Time)
		if last := c.last["Deployment shop-data/"+undrainedService]; err != nil || at.Before(last) {
			t.Errorf("failed at %s, in a trial, the last of which was there at %s: %+v, %v", f.Time, last.UTC(), f, err)
		}
	}
}

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
