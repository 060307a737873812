// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"context"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// rule grants verbs on resources, as RBAC writes it.
type rule map[string]any

func grant(verbs []any, group string, resources ...any) rule {
	return rule{"apiGroups": []any{group}, "resources": resources, "verbs": verbs}
}

// TestNoPermission runs rerig as users that lack rights.
func TestNoPermission(t *testing.T) {
	l := sharedLab(t, "a user without all rights: each missing verb is named before anything changes")
	reads := []rule{grant([]any{"get", "list", "watch"}, "*", "*"), grant([]any{"create"}, "", "pods/portforward")}
	reader, nobody := l.createUser(t, "reader", reads...), l.createUser(t, "nobody")
	l.requireRefused(t,
		refusal{name: "nothing at all", args: installArgs(t), code: exitRefused, via: nobody,
			says: []string{"you may not", "list pods", "list mutatingwebhookconfigurations.admissionregistration.k8s.io",
				"patch namespaces", "nothing was changed"}},
		refusal{name: "reading only", args: installArgs(t), code: exitRefused, via: reader,
			says: []string{"you may not", "patch namespaces", "patch deployments.apps", "patch statefulsets.apps", "patch daemonsets.apps",
				"create meshupgrades.rerig.dev", "create leases.coordination.k8s.io in istio-system", "nothing was changed"}},
		refusal{name: "inventory of nothing", args: []string{"inventory"}, code: exitRefused, via: nobody,
			says: []string{"you may not", "list pods"}},
	)
	t.Run("reading is enough to look", func(t *testing.T) {
		start(t, reader, "inventory").end(t, runTimeout).requireExit(t, exitDone)
		start(t, reader, planArgs(installArgs(t))...).end(t, runTimeout).requireExit(t, exitDone)
	})
	t.Run("everything but a webhook", func(t *testing.T) {
		var rights []rule
		rights = append(rights, reads...)
		for _, group := range []string{"", "apps", "apiextensions.k8s.io", "coordination.k8s.io", "rerig.dev",
			"rbac.authorization.k8s.io", "policy", "autoscaling", "networking.istio.io"} {
			rights = append(rights, grant([]any{"*"}, group, "*"))
		}
		l.requireRefused(t, refusal{name: "of the install", args: installArgs(t), code: exitRefused, via: l.createUser(t, "most", rights...),
			says: []string{"you may not", "mutatingwebhookconfigurations.admissionregistration.k8s.io", "nothing was changed"}})
	})
}

// createUser creates a service account with these rights and returns its kubeconfig,
// which leads through a gate.
func (l *lab) createUser(t *testing.T, name string, rules ...rule) string {
	t.Helper()
	const namespace = "default"
	account := object("v1", "ServiceAccount", namespace, name)
	role, binding := object("rbac.authorization.k8s.io/v1", "ClusterRole", "", "story-"+name), object("rbac.authorization.k8s.io/v1",
		"ClusterRoleBinding", "", "story-"+name)
	var list []any
	for _, r := range rules {
		list = append(list, map[string]any(r))
	}
	role["rules"] = list
	binding["roleRef"] = map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "story-" + name}
	binding["subjects"] = []any{map[string]any{"kind": "ServiceAccount", "name": name, "namespace": namespace}}
	l.create(t, "serviceaccounts", account)
	l.create(t, "clusterroles", role)
	l.create(t, "clusterrolebindings", binding)
	token, err := l.core.ServiceAccounts(namespace).CreateToken(t.Context(), name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("get a token for %s: %v", name, err)
	}
	config := rest.AnonymousClientConfig(l.config)
	config.BearerToken = token.Status.Token
	return newGate(t, config).kubeconfig
}

func object(version, kind, namespace, name string) map[string]any {
	metadata := map[string]any{"name": name}
	if namespace != "" {
		metadata["namespace"] = namespace
	}
	return map[string]any{"apiVersion": version, "kind": kind, "metadata": metadata}
}

// create creates an object and deletes it when the test ends.
func (l *lab) create(t *testing.T, plural string, fields map[string]any) {
	t.Helper()
	r, o := l.apply(t, plural, fields)
	t.Cleanup(func() {
		if err := r.Delete(context.Background(), o.GetName(), metav1.DeleteOptions{}); err != nil {
			t.Errorf("delete %s %s: %v", o.GetKind(), o.GetName(), err)
		}
	})
}

// apply creates an object.
func (l *lab) apply(t *testing.T, plural string, fields map[string]any) (dynamic.ResourceInterface, *unstructured.Unstructured) {
	t.Helper()
	o := &unstructured.Unstructured{Object: fields}
	kind := o.GroupVersionKind()
	r := l.objects.Resource(resource(kind.Group, kind.Version, plural)).Namespace(o.GetNamespace())
	if _, err := r.Create(t.Context(), o, metav1.CreateOptions{}); err != nil {
		t.Fatalf("create %s %s: %v", o.GetKind(), o.GetName(), err)
	}
	return r, o
}
