// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// undrainedNamespace has services that end at once on SIGTERM: HTTP, HTTP at 4 s a
// request, gRPC, TCP, and one that is restarted while the others are swapped.
const undrainedNamespace = "undrained"

// loadLease is how long the Lease of a killed process stays valid here: on a machine
// under load a shorter one is not always renewed in time.
const loadLease = "10s"

// undrainedArgs returns the arguments of an upgrade of these services.
func (l *lab) undrainedArgs(t *testing.T, more ...string) []string {
	t.Helper()
	return append([]string{"upgrade", "--to", newRevision, "--operator", operatorFile(t, newRevision), "--istioctl", istioctl(t,
		newVersion), "--yes",
		"-n", undrainedNamespace, "--strategy", "swap", "--workload", "Deployment " + undrainedNamespace + "/restarted=restart",
		"--lease-duration", loadLease}, more...)
}

// deleteShop deletes the shop and its load, to leave the machine to the other load.
func (l *lab) deleteShop(t *testing.T) {
	t.Helper()
	l.deleteNamespaces(t, append([]string{"load", "outside"}, shopNamespaces...)...)
}

// deleteNamespaces deletes those of the namespaces that exist, and waits until they are gone.
func (l *lab) deleteNamespaces(t *testing.T, all ...string) {
	t.Helper()
	for _, ns := range all {
		if err := l.core.Namespaces().Delete(t.Context(), ns, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
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

// createUndrained creates the services and their load.
func (l *lab) createUndrained(t *testing.T) { l.createLoad(t, "undrained.yaml") }

// createLoad applies files of testdata and waits until their load is ready.
func (l *lab) createLoad(t *testing.T, files ...string) {
	t.Helper()
	for _, file := range files {
		l.applyFile(t, file)
	}
	eventually(t, 3*time.Minute, func() error {
		d, err := l.objects.Resource(deployments).Namespace("load").Get(t.Context(), "load", metav1.GetOptions{})
		if err != nil {
			return err
		}
		return rolledOut(*d)
	})
}

// undrainedPods returns the UIDs of the swapped services' pods, sorted.
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

// swapLeftovers returns an error if anything is left of a swap in a namespace.
func (l *lab) swapLeftovers(t *testing.T, namespace string) error {
	t.Helper()
	pods, err := l.core.Pods(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, p := range pods.Items {
		if _, marked := p.Annotations["rerig.dev/swap"]; marked || p.DeletionTimestamp == nil && len(p.OwnerReferences) != 1 {
			return fmt.Errorf("pod %s is left of a swap: %v", p.Name, p.Labels)
		}
	}
	services, err := l.core.Services(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "rerig.dev/keep"})
	if err != nil || len(services.Items) > 0 {
		return errors.Join(err, fmt.Errorf("%d keepers are left", len(services.Items)))
	}
	return nil
}

// requireNoLoss requires that requests of every kind were sent, and that only the
// restarted service lost any.
func (r loadReport) requireNoLoss(t *testing.T, during string) {
	t.Helper()
	for _, k := range r.Kinds {
		if k.Sent == 0 || k.Wrong > 0 {
			t.Errorf("%s: %s was asked %d times, %d wrong", during, k.Kind, k.Sent, k.Wrong)
		}
		if k.Failed > 0 && k.Kind != "restarted" {
			t.Errorf("%s: %s lost %d of %d", during, k.Kind, k.Failed, k.Sent)
		}
	}
	r.logLoss(t, during)
}

// logLoss logs what was sent and lost, and the first failures.
func (r loadReport) logLoss(t *testing.T, during string) {
	t.Helper()
	var sums []string
	for _, k := range r.Kinds {
		sums = append(sums, fmt.Sprintf("%s %d/%d", k.Kind, k.Failed, k.Sent))
	}
	for n, f := range r.Failures {
		if f.Kind != "restarted" && n < 20 {
			t.Logf("%s: at %s %s failed: %s", during, f.Time, f.Kind, f.What)
		}
	}
	t.Logf("%s: %d requests in %.0f s, %d skipped; lost: %s", during, r.Sent, r.Seconds, r.Skipped, strings.Join(sums, ", "))
	for _, h := range r.Held {
		t.Logf("%s: %s: %d open, %d opened, %d cut", during, h.Kind, h.Open, h.Opened, h.Cut)
	}
}

// requireNothingCut requires that no request was lost and no held connection cut.
func (r loadReport) requireNothingCut(t *testing.T, during string) {
	t.Helper()
	r.requireNoLoss(t, during)
	open := 0
	for _, h := range r.Held {
		open += h.Open
	}
	if open != heldConnections || r.cut() > 0 {
		t.Errorf("%s: %d connections are held, want %d, and %d were cut: %v", during, open, heldConnections, r.cut(), r.Cuts)
	}
}

// cut counts the held connections that were cut.
func (r loadReport) cut() int {
	n := 0
	for _, h := range r.Held {
		n += h.Cut
	}
	return n
}
