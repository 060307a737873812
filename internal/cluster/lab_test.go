// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"github.com/google/go-cmp/cmp"
	"github.com/rerig/rerig/internal/cluster/client"
	"os"
	"testing"
	"time"
)

// TestLab observes a real mesh without changing it, and checks that every istiod and
// proxy answers. The stories check what it finds.
func TestLab(t *testing.T) {
	kubeconfig := os.Getenv("RERIG_TEST_KUBECONFIG")
	if kubeconfig == "" {
		t.Skip("RERIG_TEST_KUBECONFIG is not set: no mesh to observe")
	}
	config, err := client.Load(kubeconfig, "")
	if err != nil {
		t.Fatal(err)
	}
	c := connected(t, config)
	start := time.Now()
	w, err := c.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first := time.Since(start)
	if len(w.Roots) == 0 || len(w.Revisions) == 0 || len(w.Proxies) == 0 {
		t.Errorf("%d roots, %d revisions, %d proxies", len(w.Roots), len(w.Revisions), len(w.Proxies))
	}
	for _, r := range w.Revisions {
		t.Logf("revision %s %s: %d/%d, missing %v", r.Name, r.Version, r.Ready, r.Replicas, r.Missing)
		for _, i := range r.Istiods {
			if i.Version == "" || i.Ready && !i.Answers() {
				t.Errorf("istiod %s (%s, %s): %s", i.Pod, i.Version, i.Build, i.NoAnswer)
			}
		}
	}
	asked := 0
	for _, wl := range w.Workloads {
		t.Logf("%s: gateway %t, %d pods on %v, rollout %+v", wl.Ref(), wl.Gateway, len(wl.Pods), wl.Sidecars(), wl.Rollout)
		for _, p := range wl.Live() {
			if !p.Sidecar.Present || !p.Ready {
				continue
			}
			if p.Sidecar.Revision == "" || len(w.Connections(wl.Namespace, p.Name)) == 0 {
				t.Errorf("pod %s/%s of revision %q is connected nowhere", wl.Namespace, p.Name, p.Sidecar.Revision)
			}
			held, err := c.Certificate(t.Context(), wl.Namespace, p.Name)
			if err != nil || !held.Chains {
				t.Errorf("certificate of %s/%s: %+v, %v", wl.Namespace, p.Name, held, err)
			}
			asked++
			break
		}
	}
	start = time.Now()
	again, err := c.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("first look %s, second %s, %d proxies, %d certificates", first, time.Since(start), len(w.Proxies), asked)
	if diff := cmp.Diff(w.Namespaces, again.Namespaces); diff != "" {
		t.Errorf("two looks at the same namespaces differ:\n%s", diff)
	}
}
