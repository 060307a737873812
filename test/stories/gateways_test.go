// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// edges are namespaces with nothing but an injected gateway.
var edges = []string{"edge-egress", "edge-ingress"}

// TestInjectedGateways moves gateways whose pods the webhooks inject, after the sidecars, one
// by a swap and one by a restart, and rolls them back.
func TestInjectedGateways(t *testing.T) {
	l := targetLab(t, "injected gateways move after the sidecars, egress before ingress, each in a wave of its own; rolled back first")
	for _, ns := range edges {
		l.createGateway(t, ns)
	}
	before := l.snapshot(t, bindingFields())
	args := upgradeArgs("--to", newRevision, "--soak", "0s",
		"--workload", "Deployment edge-egress/*=restart", "-n", "shop-data", "-n", edges[0], "-n", edges[1])
	planned := l.rerig(t, planArgs(args)...)
	planned.requireExit(t, exitDone)
	planned.requireOutput(t, "Wave 1 of 3 shop-data", "Wave 2 of 3 edge-egress", "Wave 3 of 3 edge-ingress",
		"restart Deployment edge-egress/gateway", "cuts connections from outside", "swap Deployment edge-ingress/gateway",
		"gets a trial first: one more pod")
	l.snapshot(t, bindingFields()).requireSame(t, "a plan", before)

	e := l.rerig(t, args...)
	e.requireExit(t, exitDone)
	t.Logf("upgrade: %s", short(e.took))
	for _, ns := range edges {
		l.requireGateway(t, ns, newRevision)
	}
	l.requirePlacement(t, placement{"shop-web": oldRevision, "shop-data": newRevision, "shop-core": oldRevision})
	l.requirePhase(t, "Completed")

	l.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
	for _, ns := range edges {
		l.requireGateway(t, ns, oldRevision)
	}
	l.snapshot(t, bindingFields()).withoutTarget().withoutRestarts(t).requireSame(t, "upgrade and rollback",
		before.withoutTarget().withoutRestarts(t))
}

// createGateway creates a namespace with an injected gateway, as chart gateway does, and
// deletes it when the test ends.
func (l *lab) createGateway(t *testing.T, name string) {
	t.Helper()
	t.Cleanup(func() { l.deleteNamespace(t, name) })
	ns := object("v1", "Namespace", "", name)
	ns["metadata"].(map[string]any)["labels"] = map[string]any{"istio.io/rev": oldRevision}
	l.apply(t, "namespaces", ns)
	labels := map[string]any{"app": "gateway", "istio": name}
	service := object("v1", "Service", name, "gateway")
	service["spec"] = map[string]any{"selector": labels, "ports": []any{map[string]any{"name": "http2", "port": int64(80),
		"targetPort": int64(8080)}}}
	l.apply(t, "services", service)
	pod := map[string]any{"app": "gateway", "istio": name, "sidecar.istio.io/inject": "true"}
	d := object("apps/v1", "Deployment", name, "gateway")
	d["spec"] = map[string]any{"replicas": int64(2), "selector": map[string]any{"matchLabels": labels},
		"template": map[string]any{
			"metadata": map[string]any{"labels": pod, "annotations": map[string]any{"inject.istio.io/templates": "gateway"}},
			"spec": map[string]any{"terminationGracePeriodSeconds": int64(1),
				"containers": []any{map[string]any{"name": "istio-proxy", "image": "auto"}}}}}
	l.apply(t, "deployments", d)
	eventually(t, time.Minute, func() error { return l.checkGateway(t, name, oldRevision) })
}

// checkGateway returns an error until a gateway has two ready pods of a revision.
func (l *lab) checkGateway(t *testing.T, ns, revision string) error {
	if err := rolledOut(l.deployment(t, ns, "gateway")); err != nil {
		return err
	}
	pods, err := l.core.Pods(ns).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		return err
	}
	if len(pods.Items) != 2 {
		return fmt.Errorf("%d pods are there, want 2", len(pods.Items))
	}
	for _, p := range pods.Items {
		if has := sidecar(p); has != revision {
			return fmt.Errorf("pod %s has a proxy of %q, want %s", p.Name, has, revision)
		}
	}
	return nil
}

func (l *lab) requireGateway(t *testing.T, ns, revision string) {
	t.Helper()
	if err := l.checkGateway(t, ns, revision); err != nil {
		t.Errorf("gateway in %s: %v", ns, err)
	}
}
