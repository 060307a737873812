// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// swapApp is a namespace with one Deployment of two pods behind a Service.
type swapApp struct {
	*lab
	ns string
}

// createSwapApp creates that namespace and deletes it when the test ends.
func (l *lab) createSwapApp(t *testing.T) swapApp {
	t.Helper()
	s := swapApp{l, "swapped"}
	t.Cleanup(func() { l.deleteNamespace(t, s.ns) })
	ns := object("v1", "Namespace", "", s.ns)
	ns["metadata"].(map[string]any)["labels"] = map[string]any{"istio.io/rev": oldRevision}
	l.apply(t, "namespaces", ns)
	service := object("v1", "Service", s.ns, "app")
	service["spec"] = map[string]any{"selector": map[string]any{"app": "app"}, "ports": []any{map[string]any{"name": "http",
		"port": int64(80), "targetPort": int64(8080)}}}
	l.apply(t, "services", service)
	d := object("apps/v1", "Deployment", s.ns, "app")
	d["spec"] = map[string]any{"replicas": int64(2), "selector": map[string]any{"matchLabels": map[string]any{"app": "app"}},
		"template": map[string]any{"metadata": map[string]any{"labels": map[string]any{"app": "app"}},
			"spec": map[string]any{"terminationGracePeriodSeconds": int64(1), "containers": []any{map[string]any{"name": "app",
				"image": "app"}}}}}
	l.apply(t, "deployments", d)
	s.waitRevision(t, oldRevision)
	return s
}

// deleteNamespace deletes a namespace at the end of a test, and waits until it is gone.
func (l *lab) deleteNamespace(t *testing.T, ns string) {
	t.Helper()
	if err := l.core.Namespaces().Delete(context.Background(), ns, metav1.DeleteOptions{}); err != nil {
		t.Errorf("delete namespace %s: %v", ns, err)
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if _, err := l.core.Namespaces().Get(context.Background(), ns, metav1.GetOptions{}); err != nil {
			return
		}
	}
}

// pods returns the namespace's pods that are not being deleted.
func (s swapApp) pods(t *testing.T) []corev1.Pod {
	t.Helper()
	list, err := s.core.Pods(s.ns).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatalf("list the pods of %s: %v", s.ns, err)
	}
	return slices.DeleteFunc(list.Items, func(p corev1.Pod) bool { return p.DeletionTimestamp != nil })
}

// serving returns the UIDs of the pods that the Service selects, sorted.
func (s swapApp) serving(t *testing.T) []string {
	t.Helper()
	var uids []string
	for _, p := range s.pods(t) {
		if p.Labels["app"] == "app" {
			uids = append(uids, string(p.UID))
		}
	}
	slices.Sort(uids)
	return uids
}

// leftovers returns an error if anything is left of a swap.
func (s swapApp) leftovers(t *testing.T) error {
	t.Helper()
	for _, p := range s.pods(t) {
		_, parked := p.Labels["rerig.dev/keep"]
		_, marked := p.Annotations["rerig.dev/swap"]
		if parked || marked || len(p.OwnerReferences) != 1 || p.OwnerReferences[0].Kind != "ReplicaSet" {
			return fmt.Errorf("pod %s is not as a ReplicaSet makes it: %v %v %v", p.Name, p.Labels, p.Annotations, p.OwnerReferences)
		}
	}
	services, err := s.core.Services(s.ns).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(services.Items) != 1 {
		return fmt.Errorf("%d Services are there, want the application's alone", len(services.Items))
	}
	return nil
}

// checkRevision returns an error until two pods of a revision serve and nothing else
// exists.
func (s swapApp) checkRevision(t *testing.T, revision string) error {
	t.Helper()
	if err := rolledOut(s.deployment(t, s.ns, "app")); err != nil {
		return err
	}
	pods := s.pods(t)
	if len(pods) != 2 {
		return fmt.Errorf("%d pods are there, want 2", len(pods))
	}
	for _, p := range pods {
		if has := sidecar(p); has != revision || p.Labels["app"] != "app" {
			return fmt.Errorf("pod %s carries a sidecar of %q, labels %v", p.Name, has, p.Labels)
		}
	}
	return s.leftovers(t)
}

func (s swapApp) waitRevision(t *testing.T, revision string) {
	t.Helper()
	eventually(t, time.Minute, func() error { return s.checkRevision(t, revision) })
}

// requireRevision requires that a swap is complete, with nothing left of it.
func (s swapApp) requireRevision(t *testing.T, revision string) {
	t.Helper()
	if err := s.checkRevision(t, revision); err != nil {
		t.Fatalf("the end of a swap: %v", err)
	}
}

func (s swapApp) generation(t *testing.T) int64 {
	t.Helper()
	d := s.deployment(t, s.ns, "app")
	return d.GetGeneration()
}

// requireGeneration requires that the Deployment's spec did not change.
func (s swapApp) requireGeneration(t *testing.T, generation int64) {
	t.Helper()
	if now := s.generation(t); now != generation {
		t.Errorf("the Deployment's generation was %d and is %d", generation, now)
	}
}

// upgradeArgs returns the arguments of an upgrade that swaps the namespace's workload.
func (s swapApp) upgradeArgs(args ...string) []string {
	return upgradeArgs(append([]string{"--to", newRevision, "-n", s.ns, "--strategy", "swap", "--lease-duration", lease}, args...)...)
}

// parkPods runs an upgrade until its wave soaks, with the old pods parked, and kills it
// there.
func (s swapApp) parkPods(t *testing.T) {
	t.Helper()
	s.parkPodsWith(t, rerigProgram(t), "soaking until", s.upgradeArgs("--soak", "30m"))
}

// parkPodsWith does so with a rerig of any version, its arguments, and the text by which it
// reports the soak.
func (s swapApp) parkPodsWith(t *testing.T, program, soaking string, args []string) {
	t.Helper()
	p := startProgram(t, program, s.kubeconfig, args...)
	p.waitOutput(t, soaking, runTimeout)
	p.kill()
	p.end(t, time.Minute)
	parked := 0
	for _, o := range s.pods(t) {
		if _, marked := o.Labels["rerig.dev/keep"]; marked && o.Labels["app"] == "" {
			parked++
		}
	}
	if n := len(s.serving(t)); parked != 2 || n != 2 {
		t.Fatalf("%d pods are parked and %d serve, want two of each; output:\n%s", parked, n, p.text())
	}
}

// checkServing returns an error if one of these pods no longer serves.
func (s swapApp) checkServing(t *testing.T, uids []string) error {
	t.Helper()
	serving := s.serving(t)
	for _, uid := range uids {
		if !slices.Contains(serving, uid) {
			return errors.New("a serving pod has gone: " + uid)
		}
	}
	return nil
}

// isPodWrite matches writes to the application's pods.
func (s swapApp) isPodWrite(w write) bool {
	return strings.HasPrefix(w.path, "/api/v1/namespaces/"+s.ns+"/pods/")
}

// distinctPaths returns the methods and paths of writes, each once, pods without their
// names.
func distinctPaths(writes []write) []string {
	seen := map[string]bool{}
	for _, w := range writes {
		path := w.method + " " + w.path
		if at := strings.Index(path, "/pods/"); at >= 0 {
			path = path[:at+len("/pods")]
		}
		seen[path] = true
	}
	return slices.Sorted(maps.Keys(seen))
}
