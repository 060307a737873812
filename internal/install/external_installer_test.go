// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rerig/rerig/internal/engine"
)

// readyControlPlane is a control plane that is up: its Deployment, Service and webhook.
func readyControlPlane(revision string) (istiod, service, hook *unstructured.Unstructured) {
	istiod = object("apps/v1", "Deployment", "istio-system", "istiod-"+revision, "app", "istiod", revisionLabel, revision)
	istiod.Object["spec"] = map[string]any{"replicas": int64(1)}
	istiod.Object["status"] = map[string]any{"readyReplicas": int64(1), "updatedReplicas": int64(1)}
	service = object("v1", "Service", "istio-system", "istiod-"+revision, "app", "istiod", revisionLabel, revision)
	hook = object(admission, "MutatingWebhookConfiguration", "", "istio-sidecar-injector-"+revision, revisionLabel, revision)
	hook.Object["webhooks"] = []any{map[string]any{"clientConfig": map[string]any{"caBundle": "AAAA"}}}
	return istiod, service, hook
}

// Each part of a control plane is waited for by name, up to a limit.
func TestAwaitNamesWhatIsMissing(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(istiod, service, hook *unstructured.Unstructured) []*unstructured.Unstructured
		waits string
	}{
		"nothing there": {func(_, _, _ *unstructured.Unstructured) []*unstructured.Unstructured { return nil }, "no Deployment of istiod with istio.io/rev=1-31-0 in istio-system"},
		"not ready": {func(istiod, service, hook *unstructured.Unstructured) []*unstructured.Unstructured {
			istiod.Object["status"] = map[string]any{"conditions": []any{map[string]any{"type": "Progressing", "status": "False", "message": "no image"}}}
			return manifestOf(istiod, service, hook)
		}, "Deployment istio-system/istiod-1-31-0: 0 of 1 ready (no image)"},
		"no image": {func(istiod, service, hook *unstructured.Unstructured) []*unstructured.Unstructured {
			istiod.Object["status"] = map[string]any{}
			pod := object("v1", "Pod", "istio-system", "istiod-x", "app", "istiod", revisionLabel, "1-31-0")
			pod.Object["status"] = map[string]any{"containerStatuses": []any{map[string]any{"state": map[string]any{"waiting": map[string]any{"reason": "ImagePullBackOff", "message": "no image x"}}}}}
			return manifestOf(istiod, service, hook, pod)
		}, "0 of 1 ready (ImagePullBackOff: no image x)"},
		"no node": {func(istiod, service, hook *unstructured.Unstructured) []*unstructured.Unstructured {
			istiod.Object["status"] = map[string]any{}
			pod := object("v1", "Pod", "istio-system", "istiod-x", "app", "istiod", revisionLabel, "1-31-0")
			pod.Object["status"] = map[string]any{"conditions": []any{map[string]any{"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}}}
			return manifestOf(istiod, service, hook, pod)
		}, "0 of 1 ready (0/3 nodes are available)"},
		"scaled to nothing": {func(istiod, service, hook *unstructured.Unstructured) []*unstructured.Unstructured {
			istiod.Object["spec"] = map[string]any{"replicas": int64(0)}
			return manifestOf(istiod, service, hook)
		}, "ready"},
		"no service": {func(istiod, _, hook *unstructured.Unstructured) []*unstructured.Unstructured {
			return manifestOf(istiod, hook)
		}, "no Service of istiod"},
		"a tag's service only": {func(istiod, service, hook *unstructured.Unstructured) []*unstructured.Unstructured {
			service.SetLabels(map[string]string{"app": "istiod", revisionLabel: "1-31-0", tagLabel: "prod"})
			return manifestOf(istiod, service, hook)
		}, "no Service of istiod"},
		"no certificate": {func(istiod, service, hook *unstructured.Unstructured) []*unstructured.Unstructured {
			hook.Object["webhooks"] = []any{map[string]any{"clientConfig": map[string]any{}}}
			return manifestOf(istiod, service, hook)
		}, "istio-sidecar-injector-1-31-0 has no certificate"},
	} {
		var heard []string
		o := ExternalInstaller{Root: "istio-system", Timeout: 30 * time.Millisecond, pollInterval: time.Millisecond, Log: func(line string) { heard = append(heard, line) }}
		o.Cluster = fakeCluster(c.spoil(readyControlPlane("1-31-0"))...)
		err := o.Install(t.Context(), "1-31-0", "")
		absence, ok := errors.AsType[*RevisionMissing](err)
		if !ok || !errors.Is(err, engine.ErrRefused) || !strings.Contains(err.Error(), c.waits) || !strings.Contains(absence.Advice(), "run the same command again") {
			t.Errorf("%s: %v", name, err)
		}
		if !slices.ContainsFunc(heard, func(line string) bool { return strings.Contains(line, c.waits) }) {
			t.Errorf("%s: heard %q", name, heard)
		}
	}
}

func TestAwaitGoesOnOnceTheRevisionIsUp(t *testing.T) {
	cluster := fakeCluster()
	o := ExternalInstaller{Root: "istio-system", Timeout: 10 * time.Second, pollInterval: time.Millisecond, Cluster: cluster}
	ended := make(chan error, 1)
	go func() { ended <- o.Install(t.Context(), "1-31-0", "") }()
	istiod, service, hook := readyControlPlane("1-31-0")
	for _, part := range manifestOf(istiod, service, hook) {
		select {
		case err := <-ended:
			t.Fatalf("it did not wait for the %s: %v", part.GetKind(), err)
		case <-time.After(20 * time.Millisecond):
		}
		resource, _ := meta.UnsafeGuessKindToResource(part.GroupVersionKind())
		if _, err := cluster.Resource(resource).Namespace(part.GetNamespace()).Create(t.Context(), part, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// One that is interrupted is no refusal: the same command waits again.
func TestAwaitInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := ExternalInstaller{Root: "istio-system", Cluster: fakeCluster()}.Install(ctx, "1-31-0", "")
	if errors.Is(err, engine.ErrRefused) || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
