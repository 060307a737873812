// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// undrainedNamespace holds services that end at once when they are told to: HTTP,
// HTTP of 4 s a request, gRPC, TCP, and one that is restarted where the others are
// swapped.
const undrainedNamespace = "undrained"

// loadLease is how long a dead process keeps the Lease here: on a machine that is
// as busy as that, a shorter one is not always renewed in time.
const (
	loadLease    = "10s"
	loadOutlived = 11 * time.Second
)

// TestSwapUnderLoad swaps services that do not drain, there and back, beside a
// plain restart, under 200 requests a second from another namespace of the mesh.
func TestSwapUnderLoad(t *testing.T) {
	tell(t, "under load, with real proxies: services that do not drain are swapped there and back and lose no request, beside one that is restarted and does; killed in between, too")
	if os.Getenv("RERIG_LAB_SIZE") != "real" {
		t.Skip("needs the real lab: Linux and root")
	}
	takeDown() // two cores are not too many for what comes
	l := bring(t, "real", "--size", "real")
	defer lower(l.name)
	l.shopless(t)
	l.undrained(t)
	rounds := 1
	if repeating() {
		rounds = 10
	}
	kills := 0
	for n := range rounds {
		before := l.undrainedPods(t)
		l.heard(t) // it counts anew
		there := start(t, l.kubeconfig, l.undraining(t, "--soak", "30m")...)
		if n%2 == 1 { // every other time a life ends in the middle
			time.Sleep(time.Duration(25+3*n) * time.Second)
			there.kill()
			kills++
			time.Sleep(loadOutlived)
			there = start(t, l.kubeconfig, l.undraining(t, "--soak", "30m")...)
		}
		there.hears(t, "soaking until", longest)
		there.kill()
		time.Sleep(loadOutlived) // what is under way may take 4
		l.heard(t).lossless(t, fmt.Sprintf("there, round %d", n+1))

		returned := start(t, l.kubeconfig, back("--lease-duration", loadLease)...)
		if n%2 == 1 {
			time.Sleep(time.Duration(6+n) * time.Second)
			returned.kill()
			kills++
			time.Sleep(loadOutlived)
			returned = start(t, l.kubeconfig, back("--lease-duration", loadLease)...)
		}
		e := returned.end(t, longest)
		e.exits(t, exitDone)
		time.Sleep(5 * time.Second)
		l.heard(t).lossless(t, fmt.Sprintf("back, round %d (%s)", n+1, short(e.took)))
		if after := l.undrainedPods(t); !slices.Equal(before, after) {
			t.Errorf("round %d: these pods serve: %v; before it were: %v", n+1, after, before)
		}
	}
	t.Logf("%d lives ended in the middle", kills)
	moved := start(t, l.kubeconfig, l.undraining(t, "--soak", "2s")...).end(t, longest)
	moved.exits(t, exitDone)
	time.Sleep(5 * time.Second)
	l.heard(t).lossless(t, "there, to the end ("+short(moved.took)+")")
	if err := l.unswapped(t); err != nil {
		t.Error(err)
	}
}

// undraining are the arguments of an upgrade of these services.
func (l *lab) undraining(t *testing.T, more ...string) []string {
	t.Helper()
	return append([]string{"upgrade", "--to", newRevision, "--operator", operatorFile(t, newRevision), "--istioctl", istioctl(t, newVersion), "--yes",
		"-n", undrainedNamespace, "--strategy", "swap", "--workload", "Deployment " + undrainedNamespace + "/restarted=restart", "--lease-duration", loadLease}, more...)
}

// shopless takes the shop away, and its load: the machine has enough to do.
func (l *lab) shopless(t *testing.T) {
	t.Helper()
	all := append([]string{"load", "outside"}, shopNamespaces...)
	for _, ns := range all {
		if err := l.core.Namespaces().Delete(t.Context(), ns, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, 3*time.Minute, func() error {
		for _, ns := range all {
			if _, err := l.core.Namespaces().Get(t.Context(), ns, metav1.GetOptions{}); err == nil {
				return fmt.Errorf("namespace %s is still there", ns)
			}
		}
		return nil
	})
}

// undrained brings the services and their load up.
func (l *lab) undrained(t *testing.T) {
	t.Helper()
	path, err := filepath.Abs("testdata/undrained.yaml")
	if err != nil {
		t.Fatal(err)
	}
	output(t, nil, strings.TrimSpace(runLab(t, "path", "kubectl")), "--kubeconfig", l.kubeconfig, "apply", "-f", path)
	eventually(t, 3*time.Minute, func() error {
		d, err := l.objects.Resource(deployments).Namespace("load").Get(t.Context(), "load", metav1.GetOptions{})
		if err != nil {
			return err
		}
		return rolled(*d)
	})
}

// undrainedPods are the UIDs of the swapped services' pods, sorted.
func (l *lab) undrainedPods(t *testing.T) []string {
	t.Helper()
	pods, err := l.core.Pods(undrainedNamespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app,app!=restarted"})
	if err != nil {
		t.Fatal(err)
	}
	var uids []string
	for _, p := range pods.Items {
		if p.DeletionTimestamp == nil {
			uids = append(uids, string(p.UID))
		}
	}
	slices.Sort(uids)
	return uids
}

// unswapped says what is left of swaps.
func (l *lab) unswapped(t *testing.T) error {
	t.Helper()
	pods, err := l.core.Pods(undrainedNamespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, p := range pods.Items {
		if _, marked := p.Annotations["rerig.dev/swap"]; marked || p.DeletionTimestamp == nil && len(p.OwnerReferences) != 1 {
			return fmt.Errorf("pod %s is left of a swap: %v", p.Name, p.Labels)
		}
	}
	services, err := l.core.Services(undrainedNamespace).List(t.Context(), metav1.ListOptions{LabelSelector: "rerig.dev/keep"})
	if err != nil || len(services.Items) > 0 {
		return errors.Join(err, fmt.Errorf("%d keepers are left", len(services.Items)))
	}
	return nil
}

// lossless demands that every kind was asked, and that none but the plain restart
// lost a request.
func (r load) lossless(t *testing.T, during string) {
	t.Helper()
	var sums []string
	for _, k := range r.Kinds {
		sums = append(sums, fmt.Sprintf("%s %d/%d", k.Kind, k.Failed, k.Sent))
		if k.Sent == 0 || k.Wrong > 0 {
			t.Errorf("%s: %s was asked %d times, %d wrong", during, k.Kind, k.Sent, k.Wrong)
		}
		if k.Failed > 0 && k.Kind != "restarted" {
			t.Errorf("%s: %s lost %d of %d", during, k.Kind, k.Failed, k.Sent)
		}
	}
	for n, f := range r.Failures {
		if f.Kind != "restarted" && n < 20 {
			t.Logf("%s: at %s %s failed: %s", during, f.Time, f.Kind, f.What)
		}
	}
	t.Logf("%s: %d requests in %.0f s, %d skipped; lost: %s", during, r.Sent, r.Seconds, r.Skipped, strings.Join(sums, ", "))
}
