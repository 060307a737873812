// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"context"
	"os"
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

// TestTrialUnderLoad tries a pod of each workload while the shop is asked for
// everything that it does, by real proxies.
func TestTrialUnderLoad(t *testing.T) {
	tell(t, "under load, with real proxies: the trial pod of each workload serves real requests, none fails but at the service that does not drain, and nothing is left")
	if os.Getenv("RERIG_LAB_SIZE") != "real" {
		t.Skip("needs the real lab: Linux and root")
	}
	takeDown()
	l := bring(t, "real", "--size", "real")
	defer lower(l.name)
	c := l.countRequests(t)
	l.heard(t) // it counts anew
	e := start(t, l.kubeconfig, upgrading(t, "--trial", "in-service")...).end(t, 2*longest)
	e.exits(t, exitDone)
	t.Logf("upgrade with trials: %s", short(e.took))
	heard := l.heard(t)
	heard.good(t, "the upgrade with trials")
	l.untried(t)
	l.stands(t, all(newRevision))
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, wl := range shopWorkloads {
		t.Logf("the trial pod of %s served %d requests or connections", wl, c.of[wl])
		if c.of[wl] == 0 {
			t.Errorf("the trial pod of %s served nothing", wl)
		}
	}
	// What does not drain loses requests in its restart, and none in its trial.
	for _, f := range heard.Failures {
		at, err := time.Parse(time.RFC3339Nano, f.Time)
		if last := c.last["Deployment shop-data/"+undrained]; err != nil || at.Before(last) {
			t.Errorf("failed at %s, in a trial, the last of which was there at %s: %+v, %v", f.Time, last.UTC(), f, err)
		}
	}
}

// requests is what the proxies of trial pods have passed on to their
// applications, by workload.
type requests struct {
	mu   sync.Mutex
	of   map[string]int
	last map[string]time.Time // when a trial pod was there last
}

// inbound are the totals of an Envoy's inbound hosts: requests, and for plain TCP
// connections.
var inbound = regexp.MustCompile(`(?m)^inbound\|[^:]*::.*::(?:rq_total|cx_total)::(\d+)$`)

// countRequests asks the proxies of trial pods, every second, until the test ends.
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
	said, err := exec.CommandContext(ctx, program, "run", "--name", l.name, "--", "kubectl", "exec", "-n", p.Namespace, p.Name,
		"-c", "istio-proxy", "--", "pilot-agent", "request", "GET", "clusters").Output()
	if err != nil {
		return // it does not run yet, or not any more
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, found := range inbound.FindAllStringSubmatch(string(said), -1) {
		if n, err := strconv.Atoi(found[1]); err == nil {
			r.of[key] = max(r.of[key], n)
		}
	}
}
