// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// parsed returns objects in YAML.
func parsed(t *testing.T, texts ...string) []*unstructured.Unstructured {
	t.Helper()
	var list []*unstructured.Unstructured
	for _, text := range texts {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
			t.Fatal(err)
		}
		list = append(list, o)
	}
	return list
}

const renderedIstiod = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: istiod-1-31-0, namespace: istio-system, labels: {app: istiod, istio.io/rev: 1-31-0}}
spec: {template: {metadata: {labels: {app: istiod, istio.io/rev: 1-31-0}}}}`

// liveIstiod returns an istiod in the cluster.
func liveIstiod(t *testing.T, namespace, revision string) *unstructured.Unstructured {
	t.Helper()
	labels := fmt.Sprintf("{app: istiod, istio.io/rev: %s}", revision)
	return parsed(t, fmt.Sprintf(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: %s, namespace: %s, labels: %s}
spec: {template: {metadata: {labels: %s}}}`, istiodServiceName(revision), namespace, labels, labels))[0]
}

func daemonSet(image string) string {
	return fmt.Sprintf(`
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: istio-cni-node, namespace: istio-system, labels: {operator.istio.io/component: Cni, istio.io/rev: 1-29-1}}
spec: {template: {spec: {containers: [{name: install-cni, image: %q}]}}}`, image)
}

// Everything outside of the revision's own control plane is listed: what is created, and what is replaced.
func TestObjectsOutsideTheControlPlaneAreListed(t *testing.T) {
	cni := daemonSet("docker.io/istio/install-cni:1.31.0")
	manifest := parsed(t, renderedIstiod, cni, `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio-1-31-0, namespace: istio-system}`, `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: istiod-clusterrole-1-31-0-istio-system}`, `
apiVersion: v1
kind: ServiceAccount
metadata: {name: istio-cni, namespace: istio-system, labels: {operator.istio.io/component: Cni}}`, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: dashboard-1-31-0, namespace: istio-system}
spec: {template: {spec: {containers: []}}}`, `
apiVersion: v1
kind: ConfigMap
metadata: {name: dashboard-1-31-0, namespace: monitoring}`, `
apiVersion: v1
kind: Secret
metadata: {name: token-1-31-0, namespace: istio-system}`)
	tests := []struct {
		name             string
		live             []*unstructured.Unstructured
		created, inPlace []string
	}{
		{name: "nothing of it exists", created: []string{
			"ConfigMap monitoring/dashboard-1-31-0",
			"Deployment istio-system/dashboard-1-31-0: runs pods",
			"Secret istio-system/token-1-31-0",
			"DaemonSet istio-system/istio-cni-node: runs a pod on each node that it selects",
			"ServiceAccount istio-system/istio-cni"}},
		{name: "an older CNI exists", live: parsed(t, daemonSet("docker.io/istio/install-cni:1.29.1")), created: []string{
			"ConfigMap monitoring/dashboard-1-31-0",
			"Deployment istio-system/dashboard-1-31-0: runs pods",
			"Secret istio-system/token-1-31-0",
			"ServiceAccount istio-system/istio-cni"},
			inPlace: []string{"DaemonSet istio-system/istio-cni-node: now 1-29-1; its pods are restarted at once"}},
		{name: "the same CNI exists", live: parsed(t, strings.Replace(cni, "containers", "dnsPolicy: ClusterFirst, containers", 1)),
			created: []string{
				"ConfigMap monitoring/dashboard-1-31-0",
				"Deployment istio-system/dashboard-1-31-0: runs pods",
				"Secret istio-system/token-1-31-0",
				"ServiceAccount istio-system/istio-cni"},
			inPlace: []string{"DaemonSet istio-system/istio-cni-node: now 1-29-1"}},
	}
	lines := func(objects []Object, effect func(Object) string) []string {
		var list []string
		for _, o := range objects {
			list = append(list, strings.TrimSuffix(o.String()+": "+effect(o), ": "))
		}
		return list
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := Draft{Revision: "1-31-0", Version: "1.31.0", Namespace: "istio-system"}
			if err := d.compareWithCluster(t.Context(), clusterReader{client: fakeCluster(tt.live...)}, manifest); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.created, lines(d.Created, func(o Object) string { return o.Pods })); diff != "" {
				t.Errorf("created (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.inPlace, lines(d.InPlace, Object.Effect)); diff != "" {
				t.Errorf("in place (-want +got):\n%s", diff)
			}
		})
	}
}

// What leads to another revision is found, whatever kind of object it is in.
func TestReferencesToOtherRevisionsAreFound(t *testing.T) {
	const budget = `
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: istiod-1-31-0, namespace: %s}
spec: {selector: {matchLabels: %s}}`
	tests := []struct {
		name   string
		object string
		want   string // "" for nothing
	}{
		{name: "an autoscaler of the old istiod", object: `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: istiod-1-31-0, namespace: istio-system}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: istiod-1-29-1}}`,
			want: "spec.scaleTargetRef.name: istiod-1-29-1 (1-29-1)"},
		{name: "an autoscaler of the istiod without a revision", object: `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: istiod-1-31-0, namespace: istio-system}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: istiod}}`, want: "spec.scaleTargetRef.name: istiod (default)"},
		{name: "its own autoscaler", object: `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: istiod-1-31-0, namespace: istio-system, labels: {app: istiod}}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: istiod-1-31-0}}`},
		{name: "a budget for every istiod", object: fmt.Sprintf(budget, "istio-system", "{app: istiod}"),
			want: "selects the pods of Deployment istio-system/istiod (default), " +
				"selects the pods of Deployment istio-system/istiod-1-29-1 (1-29-1)"},
		{name: "its own budget", object: fmt.Sprintf(budget, "istio-system", "{app: istiod, istio.io/rev: 1-31-0}")},
		{name: "a budget elsewhere", object: fmt.Sprintf(budget, "other", "{app: istiod}")},
		{name: "a Service of the old pods", object: `
apiVersion: v1
kind: Service
metadata: {name: istiod-1-31-0, namespace: istio-system}
spec: {selector: {app: istiod, istio.io/rev: 1-29-1}}`, want: "spec.selector.istio.io/rev: 1-29-1 (1-29-1), " +
			"selects the pods of Deployment istio-system/istiod-1-29-1 (1-29-1)"},
		{name: "a Service without a selector", object: `
apiVersion: v1
kind: Service
metadata: {name: istiod-1-31-0, namespace: istio-system}`},
		{name: "a policy for every pod", object: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: istiod-1-31-0, namespace: istio-system}
spec: {podSelector: {}}`, want: "selects the pods of Deployment istio-system/istiod (default), " +
			"selects the pods of Deployment istio-system/istiod-1-29-1 (1-29-1)"},
		{name: "a webhook that calls the old istiod", object: `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istio-sidecar-injector-1-31-0}
webhooks:
- clientConfig: {service: {name: istiod-1-29-1, namespace: istio-system, path: /inject}}
  namespaceSelector: {matchExpressions: [{key: istio.io/rev, operator: In, values: [1-29-1]}]}`,
			want: "webhooks[0].clientConfig.service.name: istiod-1-29-1 (1-29-1), " +
				"webhooks[0].namespaceSelector.matchExpressions[0].values: 1-29-1 (1-29-1)"},
		{name: "its own webhook", object: `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istio-sidecar-injector-1-31-0, labels: {istio.io/rev: 1-31-0}}
webhooks:
- clientConfig: {service: {name: istiod-1-31-0, namespace: istio-system, path: /inject}}
  namespaceSelector: {matchExpressions: [{key: istio.io/rev, operator: In, values: [1-31-0]}]}`},
		{name: "a webhook that calls the istiod without a revision", object: `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: istio-validator-1-31-0}
webhooks: [{clientConfig: {service: {name: istiod, namespace: istio-system, path: /validate}}}]`,
			want: "webhooks[0].clientConfig.service.name: istiod (default)"},
		{name: "mesh configuration with the old address", object: `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio-1-31-0, namespace: istio-system}
data: {mesh: "defaultConfig: {discoveryAddress: istiod-1-29-1.istio-system.svc:15012}"}`,
			want: "data.mesh: istiod-1-29-1.istio-system (1-29-1)"},
		{name: "the values used for rendering", object: `
apiVersion: v1
kind: ConfigMap
metadata: {name: values-1-31-0, namespace: istio-system}
data: {merged-values: "discoveryAddress: istiod-1-29-1.istio-system.svc:15012"}`},
		{name: "ztunnel at the old istiod", object: `
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: ztunnel, namespace: istio-system}
spec: {template: {spec: {containers: [{env: [{name: CA_ADDRESS, value: istiod-1-29-1.istio-system.svc:15012}]}]}}}`,
			want: "spec.template.spec.containers[0].env[0].value: istiod-1-29-1.istio-system (1-29-1)"},
		{name: "istiod with the old name", object: `
apiVersion: apps/v1
kind: Deployment
metadata: {name: istiod-1-31-0, namespace: istio-system}
spec: {template: {spec: {containers: [{name: discovery, env: [{name: REVISION, value: 1-29-1}, {name: OTHER, value: 1-29-1}]}]}}}`,
			want: "spec.template.spec.containers[0].env[0].value: 1-29-1 (1-29-1)"},
		{name: "rights for the old account", object: `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: istiod-clusterrole-1-31-0-istio-system}
subjects: [{kind: ServiceAccount, name: istiod-1-29-1, namespace: istio-system}]`, want: "subjects[0].name: istiod-1-29-1 (1-29-1)"},
	}
	cluster := clusterReader{client: fakeCluster(liveIstiod(t, "istio-system", "1-29-1"), liveIstiod(t, "istio-system", "default"),
		liveIstiod(t, "istio-system", "1-31-0"))} // its own, of an attempt before
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := Draft{Revision: "1-31-0", Namespace: "istio-system"}
			if err := d.findReferences(t.Context(), cluster, parsed(t, tt.object)); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range d.References {
				got = append(got, r.Field+" ("+r.Revision+")")
			}
			if strings.Join(got, ", ") != tt.want {
				t.Errorf("got %q, want %q", strings.Join(got, ", "), tt.want)
			}
		})
	}
}

// Helm creates what a chart has in its folder crds and does not exist yet.
func TestCRDsOfAChartAreListed(t *testing.T) {
	i := helmInstaller(nil)
	i.Chart.Ref = copyChart(t)
	before, err := i.Draft(t.Context(), "1-31-0", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(i.Chart.Ref, "crds"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"old", "new"} {
		content := "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: " + name + ".example.com}\n"
		if err := os.WriteFile(filepath.Join(i.Chart.Ref, "crds", name+".yaml"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	after, err := i.Draft(t.Context(), "1-31-0", "")
	if err != nil || after.Rendered == before.Rendered {
		t.Errorf("got digest %s with and without CRDs: %v", after.Rendered, err)
	}
	c, err := i.Chart.load(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	i.Cluster = fakeCluster(object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "old.example.com"))
	d := Draft{}
	if err := i.draftChartCRDs(t.Context(), &d, c); err != nil {
		t.Fatal(err)
	}
	if len(d.Created) != 1 || d.Created[0].Name != "new.example.com" || len(d.Permissions) != 1 || d.Permissions[0].Verb != "create" {
		t.Errorf("got %v and permissions %v, want the new CRD", d.Created, d.Permissions)
	}
}
