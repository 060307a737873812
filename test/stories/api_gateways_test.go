// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// apiGatewayNamespaces each have one Gateway of the Gateway API, bound by another label.
var apiGatewayNamespaces = []string{"by-default", "by-gateway", "by-namespace"}

// TestAPIGateways moves gateways that istiod deploys, rolls them back onto the same pods
// after a kill, and moves them to the end.
func TestAPIGateways(t *testing.T) {
	l := ownLab(t, "gateways that istiod deploys for the Gateway API, bound by their namespace, their own label or the default: frozen, "+
		"moved by a held rollout and unfrozen, without an istiod re-creating a pod; killed, rolled back onto the same pods", "gateways",
		"--no-shop")
	l.installTarget(t, "")
	l.createGatewayAPI(t)
	l.applyFile(t, "api-gateways.yaml")
	eventually(t, time.Minute, func() error { return l.checkAPIGateways(t, oldRevision) })
	before, objects := l.apiGatewayPods(t), l.apiGatewayObjects(t)
	args := func(more ...string) []string {
		return upgradeArgs(append([]string{"--to", newRevision, "--waves", "1", "--gateways", "with-their-namespace"}, more...)...)
	}
	planned := l.rerig(t, planArgs(args())...)
	planned.requireExit(t, exitDone)
	planned.requireOutput(t, "freeze Deployment by-default/edge-istio", "label of its Gateway: (none) -> istio.io/rev=1-29-1",
		"Deployment by-namespace/edge-istio: istiod deploys it for Gateway edge", "the default revision: 1-29-1 -> 1-31-0",
		"unfreeze Deployment by-namespace/edge-istio")

	killed := start(t, l.kubeconfig, args("--soak", "10m")...)
	killed.waitOutput(t, "held the rollout of Deployment by-gateway/edge-istio", runTimeout)
	killed.kill()
	l.waitLeaseExpired(t)
	soaking := start(t, l.kubeconfig, args("--soak", "10m")...)
	soaking.waitOutput(t, "soaking until", runTimeout)
	soaking.kill()
	l.waitLeaseExpired(t)
	if err := l.checkAPIGateways(t, newRevision); err != nil {
		t.Errorf("while they soak: %v", err)
	}
	l.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
	if after := l.apiGatewayPods(t); !slices.Equal(before, after) {
		t.Errorf("pods after the rollback: got %v, want %v", after, before)
	}
	if after := l.apiGatewayObjects(t); after != objects {
		t.Errorf("Gateways and Deployments after the rollback:\n%s\nwant\n%s", after, objects)
	}

	e := l.rerig(t, args("--soak", "0s")...)
	e.requireExit(t, exitDone)
	t.Logf("upgrade: %s", short(e.took))
	moved := l.apiGatewayPods(t)
	l.requireMovedGateways(t, newRevision)
	if !exhaustive() {
		return
	}
	l.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
	l.requireMovedGateways(t, oldRevision)
	if after := l.apiGatewayPods(t); slices.Equal(moved, after) {
		t.Errorf("pods after the second rollback: got the same as before: %v", after)
	}
	if after := l.apiGatewayObjects(t); after != objects {
		t.Errorf("Gateways and Deployments after the second rollback:\n%s\nwant\n%s", after, objects)
	}
}

// createGatewayAPI defines the resources of the Gateway API, and waits for Istio's class.
func (l *lab) createGatewayAPI(t *testing.T) {
	t.Helper()
	l.kubectl(t, "apply", "--server-side", "-f", strings.TrimSpace(runLab(t, "path", "gateway-api")))
	eventually(t, time.Minute, func() error {
		_, err := l.objects.Resource(resource("gateway.networking.k8s.io", "v1", "gatewayclasses")).Get(t.Context(), "istio", metav1.GetOptions{})
		return err
	})
}

// applyFile applies a file of testdata.
func (l *lab) applyFile(t *testing.T, file string) {
	t.Helper()
	path, err := filepath.Abs("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	l.kubectl(t, "apply", "-f", path)
}

// checkAPIGateways returns an error unless each Gateway's Deployment has pods of a
// revision alone that are ready.
func (l *lab) checkAPIGateways(t *testing.T, revision string) error {
	for _, ns := range apiGatewayNamespaces {
		if err := l.checkAPIGateway(t, ns, revision); err != nil {
			return err
		}
	}
	return nil
}

// checkAPIGateway does so for the Gateway of one namespace.
func (l *lab) checkAPIGateway(t *testing.T, ns, revision string) error {
	d, err := l.objects.Resource(deployments).Namespace(ns).Get(t.Context(), "edge-istio", metav1.GetOptions{})
	if err != nil {
		return err
	}
	if err := rolledOut(*d); err != nil {
		return err
	}
	pods, err := l.core.Pods(ns).List(t.Context(), metav1.ListOptions{LabelSelector: "gateway.networking.k8s.io/gateway-name=edge"})
	if err != nil {
		return err
	}
	for _, p := range pods.Items {
		if has := p.Annotations["istio.io/rev"]; has != revision {
			return fmt.Errorf("pod %s/%s is of %s, want %s", ns, p.Name, has, revision)
		}
	}
	return nil
}

// apiGatewayPods returns the UIDs of all pods beside the Gateways, sorted.
func (l *lab) apiGatewayPods(t *testing.T) []string {
	t.Helper()
	var uids []string
	for _, ns := range apiGatewayNamespaces {
		pods, err := l.core.Pods(ns).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pods.Items {
			uids = append(uids, string(p.UID))
		}
	}
	slices.Sort(uids)
	return uids
}

// apiGatewayObjects describes the Gateways and their Deployments, and what else is there.
func (l *lab) apiGatewayObjects(t *testing.T) string {
	t.Helper()
	text := ""
	for _, ns := range apiGatewayNamespaces {
		text += l.kubectl(t, "get", "gateways,deployments,services,serviceentries,serviceaccounts", "-n", ns, "-o",
			`jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name} {.metadata.uid} {.metadata.labels} {.spec.template} `+
				`{.spec.strategy} {.spec.minReadySeconds} {.spec.clusterIP} {.status.conditions[?(@.type=="Programmed")].status}{"\n"}{end}`)
	}
	return text
}

// requireMovedGateways requires that each Gateway's pods are of a revision, that its istiod
// deploys it, and that the hand-over made no further pod.
func (l *lab) requireMovedGateways(t *testing.T, revision string) {
	t.Helper()
	if err := l.checkAPIGateways(t, revision); err != nil {
		t.Error(err)
	}
	pods := l.apiGatewayPods(t)
	time.Sleep(5 * time.Second)
	if later := l.apiGatewayPods(t); !slices.Equal(pods, later) {
		t.Errorf("5 s after the run: got pods %v, want %v: an istiod re-created them", later, pods)
	}
	for _, ns := range apiGatewayNamespaces {
		sets := strings.Fields(l.kubectl(t, "get", "replicasets", "-n", ns, "-o", "name"))
		if len(sets) != 2 {
			t.Errorf("%s: got %v, want one ReplicaSet of each revision", ns, sets)
		}
		d := l.kubectl(t, "get", "deployment", "edge-istio", "-n", ns, "-o", "jsonpath={.metadata.labels} {.metadata.annotations}")
		if !strings.Contains(d, "gateway.istio.io/managed") || strings.Contains(d, "rerig.dev") {
			t.Errorf("%s: Deployment edge-istio is still frozen: %s", ns, d)
		}
	}
}
