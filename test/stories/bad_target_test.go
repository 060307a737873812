// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestBadTarget upgrades to a control plane that exists and is unusable.
func TestBadTarget(t *testing.T) {
	l := targetLab(t, "the target exists and is unusable: one clear message, and nothing changes")
	to := upgradeArgs("--to", newRevision)
	const injector, validating = "istio-sidecar-injector-" + newRevision,
		"validate the control planes before anything is moved (nothing was changed)"

	t.Run("istiod not ready", func(t *testing.T) {
		l.scaleIstiod(t, newRevision, 0)
		l.requireRefused(t, refusal{name: "scaled away", args: to, code: exitRefused, says: []string{validating,
			"istiod of revision 1-31-0 is scaled to 0 replicas", "kubectl -n istio-system describe pods"}})
		l.scaleIstiod(t, newRevision, 1)
	})
	t.Run("webhook", func(t *testing.T) {
		l.forbidWebhooks(t, newRevision) // or istiod corrects it within a second
		l.setCABundle(t, injector, nil)
		l.requireRefused(t, refusal{name: "without a certificate", args: to, code: exitRefused, says: []string{validating, "webhook " +
			injector, "has no CA bundle", "failed to patch webhook"}})
		other, _ := selfSigned(t)
		l.setCABundle(t, injector, other)
		l.requireRefused(t, refusal{name: "of another root", args: to, code: exitRefused, says: []string{validating,
			"two trust roots: revision 1-31-0 has", "the mesh has", "Give both revisions the same CA"}})
	})
	t.Run("another CA", func(t *testing.T) {
		l.uninstall(t)
		l.plugInCA(t)
		l.installTarget(t, "")
		l.requireRefused(t, refusal{name: "by its webhook", args: to, code: exitRefused, says: []string{validating,
			"two trust roots: revision 1-31-0 has", "the mesh has"}})
		roots, err := l.core.ConfigMaps("istio-system").Get(t.Context(), "istio-ca-root-cert", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		l.forbidWebhooks(t, newRevision)
		l.setCABundle(t, injector, []byte(roots.Data["root-cert.pem"]))
		l.requireRefused(t, refusal{name: "by what it serves", args: to, code: exitRefused, says: []string{validating,
			"two trust roots: the certificate of istiod istiod-1-31-0", "does not chain to the mesh's root",
			"Give both revisions the same CA"}})
	})
	t.Run("certificate for another name", func(t *testing.T) {
		l.uninstall(t)
		l.issueServingCertificate(t, "istiod.istio-system.svc")
		l.installTarget(t, "")
		l.requireRefused(t, refusal{name: "misnamed", args: to, code: exitRefused, says: []string{validating,
			"the API server rejects the certificate of istiod istiod-1-31-0", "not istiod-1-31-0.istio-system.svc",
			"proxies of revision 1-31-0 call istiod-1-31-0.istio-system.svc", "app.istio.revisions of istio-csr"}})
	})
	t.Run("istiod does not answer", func(t *testing.T) {
		l.uninstall(t)
		l.installTarget(t, `, ENABLE_DEBUG_ON_HTTP: "false"`)
		l.requireRefused(t, refusal{name: "mute", args: to, code: exitRefused, says: []string{validating,
			"does not report which proxies it serves", "ENABLE_DEBUG_ON_HTTP"}})
	})
}

// scaleIstiod sets the number of istiods of a revision, and waits for it.
func (l *lab) scaleIstiod(t *testing.T, revision string, n int64) {
	t.Helper()
	l.patch(t, deployments, "istio-system", "istiod-"+revision, map[string]any{"spec": map[string]any{"replicas": n}})
	eventually(t, time.Minute, func() error {
		pods, err := l.core.Pods("istio-system").List(t.Context(), metav1.ListOptions{LabelSelector: "app=istiod,istio.io/rev=" + revision})
		if err != nil {
			return err
		}
		if int64(len(pods.Items)) != n {
			return fmt.Errorf("%d istiods of %s, want %d", len(pods.Items), revision, n)
		}
		return rolledOut(l.deployment(t, "istio-system", "istiod-"+revision))
	})
}

func (l *lab) deployment(t *testing.T, ns, name string) unstructured.Unstructured {
	t.Helper()
	o, err := l.objects.Resource(deployments).Namespace(ns).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatalf("read Deployment %s/%s: %v", ns, name, err)
	}
	return *o
}

// forbidWebhooks removes an istiod's right to write webhooks.
func (l *lab) forbidWebhooks(t *testing.T, revision string) {
	t.Helper()
	roles := l.objects.Resource(resource("rbac.authorization.k8s.io", "v1", "clusterroles"))
	o, err := roles.Get(t.Context(), "istiod-clusterrole-"+revision+"-istio-system", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rules, _, _ := unstructured.NestedSlice(o.Object, "rules")
	n := len(rules)
	rules = slices.DeleteFunc(rules, func(r any) bool {
		resources, _, _ := unstructured.NestedStringSlice(r.(map[string]any), "resources")
		return slices.Contains(resources, "mutatingwebhookconfigurations")
	})
	if len(rules) == n {
		t.Fatalf("istiod has no right to write webhooks: %v", rules)
	}
	o.Object["rules"] = rules
	if _, err := roles.Update(t.Context(), o, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}
