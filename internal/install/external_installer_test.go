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

// readyControlPlane returns a ready control plane: its Deployment, Service and webhook.
func readyControlPlane(revision string) (istiod, service, hook *unstructured.Unstructured) {
	istiod = object("apps/v1", "Deployment", "istio-system", "istiod-"+revision, "app", "istiod", revisionLabel, revision)
	istiod.Object["spec"] = map[string]any{"replicas": int64(1)}
	istiod.Object["status"] = map[string]any{"readyReplicas": int64(1), "updatedReplicas": int64(1)}
	service = object("v1", "Service", "istio-system", "istiod-"+revision, "app", "istiod", revisionLabel, revision)
	hook = object(admission, "MutatingWebhookConfiguration", "", "istio-sidecar-injector-"+revision, revisionLabel, revision)
	hook.Object["webhooks"] = []any{map[string]any{"clientConfig": map[string]any{"caBundle": "AAAA"}}}
	return istiod, service, hook
}

// The error and the log name each missing part of the control plane.
func TestExternalInstallerReportsMissingParts(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(istiod, service, hook *unstructured.Unstructured) []*unstructured.Unstructured
		waits string
	}{
		{name: "nothing there", spoil: func(_, _, _ *unstructured.Unstructured) []*unstructured.Unstructured { return nil },
			waits: "no Deployment of istiod with istio.io/rev=1-31-0 in istio-system"},
		{name: "not ready", spoil: func(istiod, service, hook *unstructured.Unstructured) []*unstructured.Unstructured {
			istiod.Object["status"] = map[string]any{"conditions": []any{map[string]any{"type": "Progressing", "status": "False",
				"message": "no image"}}}
			return manifestOf(istiod, service, hook)
		}, waits: "Deployment istio-system/istiod-1-31-0: 0 of 1 ready (no image)"},
		{name: "no image", spoil: func(istiod, service, hook *unstructured.Unstructured) []*unstructured.Unstructured {
			istiod.Object["status"] = map[string]any{}
			pod := object("v1", "Pod", "istio-system", "istiod-x", "app", "istiod", revisionLabel, "1-31-0")
			pod.Object["status"] = map[string]any{"containerStatuses": []any{map[string]any{
				"state": map[string]any{"waiting": map[string]any{"reason": "ImagePullBackOff", "message": "no image x"}},
			}}}
			return manifestOf(istiod, service, hook, pod)
		}, waits: "0 of 1 ready (ImagePullBackOff: no image x)"},
		{name: "no node", spoil: func(istiod, service, hook *unstructured.Unstructured) []*unstructured.Unstructured {
			istiod.Object["status"] = map[string]any{}
			pod := object("v1", "Pod", "istio-system", "istiod-x", "app", "istiod", revisionLabel, "1-31-0")
			pod.Object["status"] = map[string]any{"conditions": []any{map[string]any{"type": "PodScheduled", "status": "False",
				"message": "0/3 nodes are available"}}}
			return manifestOf(istiod, service, hook, pod)
		}, waits: "0 of 1 ready (0/3 nodes are available)"},
		{name: "scaled to nothing", spoil: func(istiod, service, hook *unstructured.Unstructured) []*unstructured.Unstructured {
			istiod.Object["spec"] = map[string]any{"replicas": int64(0)}
			return manifestOf(istiod, service, hook)
		}, waits: "ready"},
		{name: "no service", spoil: func(istiod, _, hook *unstructured.Unstructured) []*unstructured.Unstructured {
			return manifestOf(istiod, hook)
		}, waits: "no Service of istiod"},
		{name: "a tag's service only", spoil: func(istiod, service, hook *unstructured.Unstructured) []*unstructured.Unstructured {
			service.SetLabels(map[string]string{"app": "istiod", revisionLabel: "1-31-0", tagLabel: "prod"})
			return manifestOf(istiod, service, hook)
		}, waits: "no Service of istiod"},
		{name: "no certificate", spoil: func(istiod, service, hook *unstructured.Unstructured) []*unstructured.Unstructured {
			hook.Object["webhooks"] = []any{map[string]any{"clientConfig": map[string]any{}}}
			return manifestOf(istiod, service, hook)
		}, waits: "istio-sidecar-injector-1-31-0 has no CA bundle"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var logged []string
			o := ExternalInstaller{Root: "istio-system", Timeout: 30 * time.Millisecond, pollInterval: time.Millisecond,
				Log: func(line string) { logged = append(logged, line) }}
			o.Cluster = fakeCluster(tt.spoil(readyControlPlane("1-31-0"))...)
			err := o.Install(t.Context(), "1-31-0", "")
			absence, ok := errors.AsType[*RevisionMissing](err)
			if !ok || !errors.Is(err, engine.ErrRefused) || !strings.Contains(err.Error(), tt.waits) ||
				!strings.Contains(absence.Advice(), "run the same command again") {
				t.Errorf("%v", err)
			}
			if !slices.ContainsFunc(logged, func(line string) bool { return strings.Contains(line, tt.waits) }) {
				t.Errorf("logged %q", logged)
			}
		})
	}
}

func TestExternalInstallerReturnsWhenReady(t *testing.T) {
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

// The same command may wait again after an interruption.
func TestInterruptedWaitIsNoRefusal(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := ExternalInstaller{Root: "istio-system", Cluster: fakeCluster()}.Install(ctx, "1-31-0", "")
	if errors.Is(err, engine.ErrRefused) || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
