// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/kube"
	"helm.sh/helm/v4/pkg/release/common"
	release "helm.sh/helm/v4/pkg/release/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
)

// TestHelmGateway moves a gateway of Istio's chart, whose value chooses its revision: by a
// held rollout in which Helm writes the template.
func TestHelmGateway(t *testing.T) {
	l := targetLab(t, "a gateway of Istio's chart, whose value chooses its revision: Helm writes the template of a held rollout, killed in "+
		"between; rolled back onto the same pods, and the release has its old value again")
	l.moveHelmGateway(t, false)
}

// TestHelmGatewayServerSide does so with a release that Helm 4 installed by server-side apply.
func TestHelmGatewayServerSide(t *testing.T) {
	l := targetLab(t, "a gateway of Istio's chart, installed by server-side apply: Helm writes the template of a held rollout")
	l.moveHelmGateway(t, true)
}

func (l *lab) moveHelmGateway(t *testing.T, serverSide bool) {
	s := l.createHelmGateway(t, serverSide)
	before, settings, objects := s.serving(t), s.rolloutSettings(t), s.objectsOfRelease(t)
	args := upgradeArgs("--to", newRevision, "-n", s.ns, "--gateways", "last")
	planned := s.rerig(t, planArgs(args)...)
	args = append(args, "--lease-duration", lease, "--soak", "30m")
	planned.requireExit(t, exitDone)
	planned.requireOutput(t, "held rollout", "Written by an upgrade of their Helm release", "Helm release edge/app renders",
		"revision=1-31-0", "chart gateway 1.29.1")
	if r := s.lastRelease(t); r.Version != 1 {
		t.Errorf("the plan left version %d of the release", r.Version)
	}

	g := newGate(t, l.config)
	killed, e := g.runUntil(t, args, func(w write) bool {
		return strings.HasPrefix(w.who, "helm") && strings.HasSuffix(w.path, "/deployments/app")
	})
	if killed == nil {
		t.Fatalf("Helm did not write the Deployment; output:\n%s", e.text)
	}
	if r := s.lastRelease(t); r.Version != 2 || r.Info.Status != common.StatusPendingUpgrade {
		t.Errorf("the release is version %d, %s, want 2, pending-upgrade", r.Version, r.Info.Status)
	}
	if now := s.rolloutSettings(t); !strings.Contains(now, `"100%"`) || !strings.Contains(now, "2592000") {
		t.Errorf("after Helm's write the rollout is not held: %s", now)
	}
	s.requireServing(t, before)
	l.waitLeaseExpired(t)

	s.parkPodsWith(t, rerigProgram(t), "soaking until", args)
	s.requireRelease(t, 3, newRevision)
	if now := s.rolloutSettings(t); now != settings {
		t.Errorf("the rollout has settings %s, and had %s", now, settings)
	}

	l.waitLeaseExpired(t)
	s.rollBackTo(t, "rolled back onto the parked pods", before)
	s.requireRelease(t, 4, oldRevision)
	if now := s.rolloutSettings(t); now != settings {
		t.Errorf("after the rollback the rollout has settings %s, and had %s", now, settings)
	}
	for name, text := range s.objectsOfRelease(t) {
		if text != objects[name] {
			t.Errorf("%s was changed:\n%s\nand was\n%s", name, text, objects[name])
		}
	}

	s.requireBusyRelease(t, args)
	args[len(args)-1] = "1s"
	moved := s.rerig(t, args...)
	moved.requireExit(t, exitDone)
	t.Logf("upgrade to its end: %s", short(moved.took))
	s.requireRevision(t, newRevision)
	s.requireRelease(t, 5, newRevision)
	l.requirePhase(t, "Completed")
}

// createHelmGateway creates a namespace without labels, and a gateway in it by Istio's chart.
func (l *lab) createHelmGateway(t *testing.T, serverSide bool) swapApp {
	t.Helper()
	s := swapApp{l, "edge"}
	t.Cleanup(func() { l.deleteNamespace(t, s.ns) })
	l.apply(t, "namespaces", object("v1", "Namespace", "", s.ns))
	c, err := loader.Load(filepath.Join(charts(t, oldVersion), "gateway"))
	if err != nil {
		t.Fatal(err)
	}
	kube.ManagedFieldsManager = "helm" // as that of the helm command
	install := action.NewInstall(l.helmConfigIn(t, s.ns))
	install.ReleaseName, install.Namespace, install.WaitStrategy, install.ServerSideApply = "app", s.ns, kube.HookOnlyStrategy, serverSide
	if _, err := install.RunWithContext(t.Context(), c, map[string]any{
		"revision": oldRevision, "replicaCount": 2, "autoscaling": map[string]any{"enabled": false},
		"labels": map[string]any{"app": "app", "istio": "edge"}, "service": map[string]any{"type": "ClusterIP"},
		"terminationGracePeriodSeconds": 1, "imagePullPolicy": "IfNotPresent",
	}); err != nil {
		t.Fatalf("install the gateway with Helm: %v", err)
	}
	s.waitRevision(t, oldRevision)
	return s
}

// lastRelease returns the newest version of the gateway's release.
func (s swapApp) lastRelease(t *testing.T) *release.Release {
	t.Helper()
	found, err := s.helmConfigIn(t, s.ns).Releases.Last("app")
	if err != nil {
		t.Fatal(err)
	}
	return found.(*release.Release)
}

// requireRelease requires a deployed version of the release, with its value and its manifest
// for a revision, and the same label on the live Deployment.
func (s swapApp) requireRelease(t *testing.T, version int, revision string) {
	t.Helper()
	r := s.lastRelease(t)
	if r.Version != version || r.Info.Status != common.StatusDeployed || r.Config["revision"] != revision ||
		r.Chart.Metadata.Version != oldVersion {
		t.Errorf("the release is version %d, %s, chart %s, revision %v, want %d, deployed, %s, %s", r.Version, r.Info.Status,
			r.Chart.Metadata.Version, r.Config["revision"], version, oldVersion, revision)
	}
	stored := ""
	for _, document := range strings.Split(r.Manifest, "\n---\n") {
		o := unstructured.Unstructured{}
		if err := utilyaml.Unmarshal([]byte(document), &o.Object); err == nil && o.GetKind() == "Deployment" {
			stored = fieldJSON(t, o, "spec.template.metadata.labels")
		}
	}
	if live := fieldJSON(t, s.deployment(t, s.ns, "app"), "spec.template.metadata.labels"); stored != live ||
		!strings.Contains(live, `"istio.io/rev":"`+revision+`"`) {
		t.Errorf("the release has the template labels %s, and the live Deployment %s, want those of %s", stored, live, revision)
	}
	secrets, err := s.core.Secrets(s.ns).List(t.Context(), metav1.ListOptions{LabelSelector: "owner=helm,status=deployed"})
	if err != nil || len(secrets.Items) != 1 {
		t.Errorf("%d versions of the release are deployed (%v), want 1", len(secrets.Items), err)
	}
}

// rolloutSettings returns how a new template replaces the gateway's pods.
func (s swapApp) rolloutSettings(t *testing.T) string {
	t.Helper()
	d := s.deployment(t, s.ns, "app")
	return fieldJSON(t, d, "spec.strategy") + fieldJSON(t, d, "spec.minReadySeconds") + fieldJSON(t, d, "spec.progressDeadlineSeconds")
}

// objectsOfRelease returns what the release renders besides the Deployment, as it is live.
func (s swapApp) objectsOfRelease(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, kind := range []string{"services", "serviceaccounts", "roles.rbac.authorization.k8s.io", "rolebindings.rbac.authorization.k8s.io"} {
		found[kind] = s.kubectl(t, "get", kind, "app", "-n", s.ns, "-o", "jsonpath={.metadata.labels} {.spec} {.rules}", "--ignore-not-found")
	}
	return found
}

// requireServing requires that these pods still serve.
func (s swapApp) requireServing(t *testing.T, uids []string) {
	t.Helper()
	if err := s.checkServing(t, uids); err != nil {
		t.Error(err)
	}
}

// requireBusyRelease requires that a run holds, before it changes anything, while another
// process works on the release.
func (s swapApp) requireBusyRelease(t *testing.T, args []string) {
	t.Helper()
	s.deleteRecords(t)
	r, releases := s.lastRelease(t), s.helmConfigIn(t, s.ns).Releases
	r.Info.Status, r.Labels, r.Version = common.StatusPendingUpgrade, nil, r.Version+1
	if err := releases.Create(r); err != nil {
		t.Fatal(err)
	}
	before := s.deployment(t, s.ns, "app")
	busy := s.rerig(t, args...)
	busy.requireExit(t, exitHeld)
	t.Logf("held by another process's upgrade: %s", short(busy.took))
	busy.requireOutput(t, "WriteFailed", "Deployment edge/app", "Helm release edge/app", "pending-upgrade since", "Rerig did not start that",
		"helm rollback app -n edge")
	if now := s.deployment(t, s.ns, "app"); now.GetGeneration() != before.GetGeneration() {
		t.Errorf("the Deployment was written: generation %d, and was %d", now.GetGeneration(), before.GetGeneration())
	}
	if _, err := releases.Delete(r.Name, r.Version); err != nil {
		t.Fatal(err)
	}
}
