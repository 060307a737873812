// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestCompleteMesh moves sidecars in six bindings and gateways of three makes in one run that
// removes the old revision, and rolls all of it back.
func TestCompleteMesh(t *testing.T) {
	l := ownLab(t, "sidecars in six bindings and gateways of three makes, moved in one run that removes the old revision: nothing is "+
		"left of it, and a rollback brings all of it back", "mesh")
	l.reset(t)
	l.createEveryBinding(t)
	l.createGateway(t, "edge-ingress")
	l.endGatewaysAtOnce(t)
	l.createGatewayAPI(t)
	l.applyFile(t, "api-gateways.yaml")
	eventually(t, time.Minute, func() error { return l.checkAPIGateways(t, oldRevision) })
	before, installed, deployed := l.snapshot(t, bindingFields()), l.gatewayState(t).without("pods"), l.apiGatewayObjects(t)

	args := append(l.gatewayArgs(t, "with-their-namespace", istioctlGateways...), "--soak", "0s", "--waves", "1", "--remove-old")
	planned := l.rerig(t, planArgs(args)...)
	planned.requireExit(t, exitDone)
	planned.requireOutput(t, "Deployment own/by-tag", "swap Deployment edge-ingress/gateway", "3 gateways frozen",
		"Deployment istio-system/istio-egressgateway", "After the waves", "remove Deployment istio-system/istiod-1-29-1")
	if strings.Contains(planned.text, "Old revision still in use") {
		t.Errorf("the plan names what would hold the removal, want nothing:\n%s", planned.text)
	}
	upgrade := start(t, l.kubeconfig, args...)
	upgrade.waitOutput(t, "commit its labels istio.io/rev=1-31-0 there", runTimeout)
	l.label(t, "kept", map[string]any{"istio.io/rev": newRevision})
	moved := upgrade.end(t, 2*runTimeout)
	moved.requireExit(t, exitDone)
	t.Logf("upgrade: %s", short(moved.took))
	l.requireRemoved(t)
	l.requireNoProxyOf(t, oldRevision)
	l.requireMeshOf(t, newRevision)
	l.requireAdmission(t)

	l.label(t, "kept", map[string]any{"istio.io/rev": oldRevision}) // a commit comes first in a rollback: its wave is the first
	returned := start(t, l.kubeconfig, rollbackArgs()...).end(t, 2*runTimeout)
	returned.requireExit(t, exitDone)
	t.Logf("rollback: %s", short(returned.took))
	l.requireNoProxyOf(t, newRevision)
	l.requireMeshOf(t, oldRevision)
	l.requireTemplateLabels(t, "prod", oldRevision)
	l.gatewayState(t).without("pods").requireSame(t, "istioctl's gateways, upgraded and rolled back", installed)
	if after := l.apiGatewayObjects(t); after != deployed {
		t.Errorf("Gateways and Deployments after the rollback:\n%s\nwant\n%s", after, deployed)
	}
	l.snapshot(t, bindingFields()).withoutTarget().withoutRestarts(t).requireSame(t, "upgrade and rollback",
		before.withoutTarget().withoutRestarts(t))
}

// requireMeshOf requires that the shop, the workloads of every binding and all gateways are of
// a revision, and that tags are.
func (l *lab) requireMeshOf(t *testing.T, revision string) {
	t.Helper()
	l.requirePlacement(t, everywhere(revision))
	l.requireSidecars(t, map[string]string{"own/by-revision": revision, "own/by-tag": revision, "own/by-inject": revision,
		"own/bare": "", "own/out": "", "tagged/web": revision, "kept/web": revision})
	l.requireGateway(t, "edge-ingress", revision)
	for _, name := range istioctlGateways {
		l.requireInstalledGateway(t, name, revision)
	}
	if err := l.checkAPIGateways(t, revision); err != nil {
		t.Error(err)
	}
	for _, tag := range []string{"default", "prod"} {
		if at := l.tagRevision(t, tag); at != revision {
			t.Errorf("tag %s ends at %q, want %s", tag, at, revision)
		}
	}
}

// requireNoProxyOf requires that no pod, namespace, Gateway or template of a workload names a
// revision.
func (l *lab) requireNoProxyOf(t *testing.T, revision string) {
	t.Helper()
	pods, err := l.core.Pods("").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pods.Items {
		if p.Labels["app"] != "istiod" && p.DeletionTimestamp == nil && (sidecar(p) == revision || p.Annotations["istio.io/rev"] == revision) {
			t.Errorf("pod %s/%s is of revision %s", p.Namespace, p.Name, revision)
		}
	}
	for _, r := range [][]string{{"namespaces"}, {"gateways.gateway.networking.k8s.io", "-A"}, {"deployments", "-A"}} {
		found := l.kubectl(t, slices.Concat([]string{"get"}, r, []string{"-l", "istio.io/rev=" + revision, "-o", "name"})...)
		found = strings.Join(slices.DeleteFunc(strings.Fields(found), func(name string) bool {
			return name == "deployment.apps/istiod-"+revision || name == "deployment.apps/edge-istio" // by its Gateway's spec.infrastructure
		}), " ")
		if found != "" {
			t.Errorf("labelled with revision %s: %s", revision, found)
		}
	}
}
