// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// trialWatch records every state of every trial pod, and which Services select it.
type trialWatch struct {
	mu   sync.Mutex
	seen map[string]*seenTrial // by workload
}

// seenTrial is what was seen of one workload's trial pods.
type seenTrial struct {
	names  []string
	faults []string
	served bool // its address was in a Service's endpoints, as ready
}

// watchTrials watches until the test ends.
func (l *lab) watchTrials(t *testing.T) *trialWatch {
	t.Helper()
	w := &trialWatch{seen: map[string]*seenTrial{}}
	ctx := t.Context()
	pods, err := l.core.Pods("").Watch(ctx, metav1.ListOptions{LabelSelector: "rerig.dev/trial"})
	if err != nil {
		t.Fatal(err)
	}
	ends, err := l.objects.Resource(resource("discovery.k8s.io", "v1", "endpointslices")).Watch(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pods.Stop)
	t.Cleanup(ends.Stop)
	go func() {
		for e := range pods.ResultChan() {
			if p, ok := e.Object.(*corev1.Pod); ok {
				w.pod(ctx, l, p)
			}
		}
	}()
	go func() {
		for e := range ends.ResultChan() {
			if o, ok := e.Object.(*unstructured.Unstructured); ok {
				w.endpoints(o)
			}
		}
	}()
	return w
}

// of returns the entry of a workload. The caller holds the lock.
func (w *trialWatch) of(key string) *seenTrial {
	if w.seen[key] == nil {
		w.seen[key] = &seenTrial{}
	}
	return w.seen[key]
}

// pod records a state of a trial pod.
func (w *trialWatch) pod(ctx context.Context, l *lab, p *corev1.Pod) {
	kind, name, _ := strings.Cut(p.Annotations["rerig.dev/trial-of"], " ")
	var faults []string
	if owner := metav1.GetControllerOf(p); len(p.OwnerReferences) != 1 || owner == nil || owner.Kind != "MeshUpgrade" {
		faults = append(faults, fmt.Sprintf("it is owned by %v", p.OwnerReferences))
	}
	if has := sidecar(*p); has != newRevision {
		faults = append(faults, fmt.Sprintf("it carries a sidecar of %q", has))
	}
	if ns, err := l.core.Namespaces().Get(ctx, p.Namespace, metav1.GetOptions{}); err == nil && ns.Labels["istio.io/rev"] == newRevision {
		faults = append(faults, "its namespace is labelled already")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	x := w.of(kind + " " + p.Namespace + "/" + name)
	if x.faults = append(x.faults, faults...); !slices.Contains(x.names, p.Name) {
		x.names = append(x.names, p.Name)
	}
}

// endpoints records the trial pods among a Service's endpoints.
func (w *trialWatch) endpoints(o *unstructured.Unstructured) {
	w.mu.Lock()
	defer w.mu.Unlock()
	list, _, _ := unstructured.NestedSlice(o.Object, "endpoints")
	for _, e := range list {
		fields, _ := e.(map[string]any)
		name, _, _ := unstructured.NestedString(fields, "targetRef", "name")
		ready, _, _ := unstructured.NestedBool(fields, "conditions", "ready")
		for _, x := range w.seen {
			x.served = x.served || ready && slices.Contains(x.names, name)
		}
	}
}

// requireServed requires that a workload had one trial pod, in its Services, and that no
// controller adopted it.
func (w *trialWatch) requireServed(t *testing.T, key string) {
	t.Helper()
	eventually(t, 10*time.Second, func() error { // watches are a moment late
		w.mu.Lock()
		defer w.mu.Unlock()
		if x := w.of(key); len(x.names) != 1 || !x.served {
			return fmt.Errorf("%s: trial pods %v, served %t", key, x.names, x.served)
		}
		return nil
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.seen[key].faults {
		t.Errorf("trial pod %v of %s: %s", w.seen[key].names, key, f)
	}
}
