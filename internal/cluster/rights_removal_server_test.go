// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/cluster/rights"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"slices"
	"strings"
	"testing"
)

// completePlane has one object of each kind of component, as small as the API server
// accepts it. A backslash continues a line.
const completePlane = `
admissionregistration.k8s.io/v1 MutatingWebhookConfiguration {}
admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration {}
admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy \
{"spec":{"matchConstraints":{"resourceRules":[{"apiGroups":["rerig.dev"],"apiVersions":["v9"],"operations":["CREATE"],\
"resources":["none"]}]},"validations":[{"expression":"true"}]}}
admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding {"spec":{"policyName":"none","validationActions":["Audit"]}}
rbac.authorization.k8s.io/v1 ClusterRole {}
rbac.authorization.k8s.io/v1 ClusterRoleBinding \
{"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"istiod-granted"}}
rbac.authorization.k8s.io/v1 Role {}
rbac.authorization.k8s.io/v1 RoleBinding {"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"istiod-granted"}}
apps/v1 Deployment \
{"spec":{"selector":{"matchLabels":{"a":"b"}},\
"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"discovery","image":"pilot"}]}}}}
v1 Service {"spec":{"ports":[{"port":443}]}}
discovery.k8s.io/v1 EndpointSlice {"addressType":"IPv4","endpoints":[]}
v1 ConfigMap {}
v1 Secret {}
v1 ServiceAccount {}
policy/v1 PodDisruptionBudget {"spec":{"minAvailable":1,"selector":{"matchLabels":{"a":"b"}}}}
autoscaling/v2 HorizontalPodAutoscaler \
{"spec":{"maxReplicas":2,"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"istiod-granted"}}}
networking.k8s.io/v1 NetworkPolicy {"spec":{"podSelector":{}}}
networking.istio.io/v1alpha3 EnvoyFilter {}`

// onRemoval removes and restores components of every kind, and makes the dry runs, as a
// user with exactly the documented rights.
func onRemoval(t *testing.T, admin, user *fixture) {
	kindServed(t, admin, "networking.istio.io", "v1alpha3", "EnvoyFilter", "envoyfilters")
	kinds := 0
	for line := range strings.Lines(strings.TrimSpace(strings.ReplaceAll(completePlane, "\\\n", ""))) {
		version, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		kind, body, _ := strings.Cut(rest, " ")
		createComponent(t, admin, version, kind, body)
		kinds++
	}
	if kinds != len(istio.Components)-1 { // a DaemonSet is of every revision
		t.Errorf("%d kinds are tried of %d", kinds, len(istio.Components))
	}
	approvedRemoval(t, user, "granted")
	if own := removeRevision(t, user, "granted"); own != kinds {
		t.Errorf("removed: got %d objects, want %d", own, kinds)
	}
	if err := user.Write(t.Context(), step.Change{Verb: step.RestoreRevision, Kind: "Revision", Name: "granted"}); err != nil {
		t.Fatal(err)
	}
	w, err := user.Observe(t.Context())
	if err != nil || len(w.ComponentsOf("granted")) != kinds {
		t.Errorf("%d objects came back of %d, %v", len(w.ComponentsOf("granted")), kinds, err)
	}
	for _, a := range []mesh.DryRunAttempt{{}, {Pod: true, Namespace: "shop"}, {Pod: true, Namespace: "shop", Workload: "Deployment shop/web"},
		{Pod: true, Namespace: "shop", Workload: "StatefulSet shop/web"}, {Pod: true, Namespace: "shop", Workload: "DaemonSet shop/web"}} {
		if answer, err := user.DryRun(t.Context(), a); err != nil || strings.Contains(answer.Refusal, "forbidden") {
			t.Errorf("try %v: %q, %v", a, answer.Refusal, err)
		}
	}
}

// createComponent creates an object of the revision granted.
func createComponent(t *testing.T, c *fixture, version, kind, body string) {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := o.UnmarshalJSON([]byte(fmt.Sprintf(`{"apiVersion":%q,"kind":%q,%s`, version, kind, strings.TrimPrefix(body, "{")))); err != nil {
		o = &unstructured.Unstructured{Object: map[string]any{"apiVersion": version, "kind": kind}}
	}
	o.SetName("istiod-granted")
	o.SetLabels(map[string]string{mesh.RevisionLabel: "granted", istio.ComponentLabel: istio.Pilot})
	namespace, component := c.root, kindNamed(kind)
	if component.ClusterWide {
		namespace = ""
	}
	if _, err := c.api.Dynamic.Resource(component.Resource).Namespace(namespace).Create(t.Context(), o, client.Creating); err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
}

func kindNamed(name string) istio.Kind {
	k, _ := istio.Component(name)
	return k
}

// removing returns the rights that a removal needs besides those of any run, each
// once.
func removing(c *fixture) []rights.Right {
	list := slices.Concat(rights.ReadingRemoval(), rights.Removing(c.root))
	slices.SortFunc(list, func(a, b rights.Right) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return slices.Compact(list)
}
