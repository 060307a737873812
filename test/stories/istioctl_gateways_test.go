// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	kyaml "k8s.io/apimachinery/pkg/util/yaml"
)

// istioctlGateways are the gateways that the lab's istioctl installs.
var istioctlGateways = []string{"istio-egressgateway", "istio-ingressgateway"}

// TestIstioctlGateways moves the gateways that istioctl installed with the sidecars, and rolls
// them back: the pods that are parked serve again, and the templates are those of before.
func TestIstioctlGateways(t *testing.T) {
	l := targetLab(t, "gateways that istioctl installed move by held rollouts, egress before ingress, if a rule names them; rolled back "+
		"onto the same pods, and once more after these are gone; uninstalling the old revision leaves them")
	l.refuseGateways(t)
	before := l.gatewayState(t)

	first := append(l.gatewayArgs(t, "first", "istio-ingressgateway"), "-n", "shop-data", "--soak", "10m")
	p := start(t, l.kubeconfig, first...)
	p.waitOutput(t, "soaking until", 2*time.Minute)
	p.signal(os.Interrupt)
	p.end(t, runTimeout).requireExit(t, exitInterrupted)
	l.rerig(t, "inventory").requireOutput(t, "2/2 + 2 parked")
	l.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
	l.gatewayState(t).requireSame(t, "rolled back while the old pods were parked", before)
	l.deleteRecords(t)

	args := append(l.gatewayArgs(t, "last", istioctlGateways...), "-n", "shop-data", "--soak", "0s")
	planned := l.rerig(t, planArgs(args)...)
	planned.requireExit(t, exitDone)
	planned.requireOutput(t, "upgrade 1 namespace and 2 gateways in 3 waves",
		"Wave 2 of 3 Deployment istio-system/istio-egressgateway", "Wave 3 of 3 Deployment istio-system/istio-ingressgateway",
		"its template rendered from IstioOperator rerig-gateway-istio-ingressgateway, digest ",
		"istioctl installed it (IstioOperator v1-29-1)", "the next `istioctl install` of that file changes nothing")
	e := l.rerig(t, args...)
	e.requireExit(t, exitDone)
	t.Logf("upgrade: %s", short(e.took))
	l.requirePlacement(t, placement{"shop-web": oldRevision, "shop-data": newRevision, "shop-core": oldRevision})
	for _, name := range istioctlGateways {
		l.requireInstalledGateway(t, name, newRevision)
		l.requireInstallChangesNothing(t, args[slices.Index(args, "--operator")+1], name)
	}
	l.requireUninstallLeavesGateways(t)

	l.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
	for _, name := range istioctlGateways {
		l.requireInstalledGateway(t, name, oldRevision)
	}
	l.gatewayState(t).without("pods").requireSame(t, "rolled back after the old pods were gone", before.without("pods"))
}

// gatewayArgs returns the arguments of an upgrade that names gateways in rules.
func (l *lab) gatewayArgs(t *testing.T, order string, names ...string) []string {
	t.Helper()
	args := upgradeArgs("--to", newRevision, "--operator", briefGatewaysFile(t), "--istioctl", istioctl(t, newVersion), "--gateways", order)
	for _, name := range names {
		args = append(args, "--workload", "Deployment istio-system/"+name+"=held-rollout")
	}
	return args
}

// endGatewaysAtOnce has the pods of istioctl's gateways end at once: a story waits for that.
func (l *lab) endGatewaysAtOnce(t *testing.T) {
	t.Helper()
	for _, name := range istioctlGateways {
		l.kubectl(t, "patch", "deployment", "-n", "istio-system", name, "-p",
			`{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":1}}}}`)
	}
	for _, name := range istioctlGateways {
		l.kubectl(t, "rollout", "status", "-n", "istio-system", "deployment/"+name, "--timeout=2m")
	}
}

// briefGatewaysFile is the lab's operator file of the new revision, with gateways whose pods end
// at once: the story waits for that.
func briefGatewaysFile(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(operatorFile(t, newRevision))
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	for _, name := range istioctlGateways {
		const lines = `enabled: true
      k8s:
        overlays:
        - {kind: Deployment, name: %s, patches: [{path: spec.template.spec.terminationGracePeriodSeconds, value: 1}]}
`
		entry := "    - name: " + name + "\n      enabled: true\n      k8s:\n"
		if !strings.Contains(text, entry) {
			t.Fatalf("the operator file has no %q", entry)
		}
		text = strings.Replace(text, entry, "    - name: "+name+"\n      "+fmt.Sprintf(lines, name), 1)
	}
	return tempFile(t, text)
}

// refuseGateways requires that what cannot be moved is refused.
func (l *lab) refuseGateways(t *testing.T) {
	t.Helper()
	content, err := os.ReadFile(briefGatewaysFile(t))
	if err != nil {
		t.Fatal(err)
	}
	good := l.gatewayArgs(t, "last", "istio-ingressgateway")
	with := func(flag, value string) []string {
		args := slices.Clone(good)
		args[slices.Index(args, flag)+1] = value
		return args
	}
	l.selectShopLedger(t, map[string]any{"app": nil, "istio": "ingressgateway"})
	l.requireRefused(t, refusal{name: "a Service that selects by the Gateway's label alone", args: good, code: exitRefused,
		says: []string{"AuthorizationPolicy istio-system/shop selects by labels that a parked pod loses"}})
	l.selectShopLedger(t, map[string]any{"app": "istio-ingressgateway", "istio": nil})
	l.requireRefused(t,
		refusal{name: "a swap", code: exitRefused, args: with("--workload", "Deployment istio-system/istio-ingressgateway=swap"),
			says: []string{"say held-rollout: --workload 'Deployment istio-system/istio-ingressgateway=held-rollout'"}},
		refusal{name: "no IstioOperator file", code: exitRefused, args: upgradeArgs("--to", newRevision, "--gateways", "last", "--workload",
			"Deployment istio-system/istio-ingressgateway=held-rollout"), says: []string{"give that file with --operator"}},
		refusal{name: "a file without the gateway", code: exitRefused, args: with("--operator", tempFile(t, fmt.Sprintf(minimal, ""))),
			says: []string{"does not have that gateway"}},
		refusal{name: "another port", code: exitRefused, args: with("--operator", tempFile(t, strings.Replace(string(content),
			"nodePort: 30080", "nodePort: 30081", 1))),
			says: []string{"Service istio-system/istio-ingressgateway with spec.ports", "A move must not change it"}},
	)
}

// selectShopLedger sets labels that a Service in front of the ingress gateway selects by.
func (l *lab) selectShopLedger(t *testing.T, labels map[string]any) {
	t.Helper()
	body := toJSON(t, map[string]any{"spec": map[string]any{"selector": labels}})
	if _, err := l.core.Services("istio-system").Patch(t.Context(), "shop-ledger", types.MergePatchType, body,
		metav1.PatchOptions{}); err != nil {
		t.Fatalf("set the selector of Service shop-ledger: %v", err)
	}
}

// gatewayState has the templates, Services, labels and pods of the gateways.
func (l *lab) gatewayState(t *testing.T) snapshot {
	t.Helper()
	s := snapshot{}
	all := l.snapshot(t, []fieldSet{
		{deployments, []string{"metadata.labels", "spec.template", "spec.strategy"}},
		{resource("", "v1", "services"), []string{"metadata.labels", "metadata.uid", "spec"}},
		{resource("", "v1", "serviceaccounts"), []string{"metadata.labels", "metadata.uid"}},
		{resource("rbac.authorization.k8s.io", "v1", "roles"), []string{"metadata.labels"}},
		{resource("rbac.authorization.k8s.io", "v1", "rolebindings"), []string{"metadata.labels"}},
		{resource("", "v1", "pods"), []string{"metadata.uid"}},
	})
	for key, value := range all {
		if strings.Contains(key, " istio-system/istio-") && strings.Contains(key, "gateway") {
			s[key] = value
		}
	}
	return s
}

// without returns the snapshot without a resource.
func (s snapshot) without(name string) snapshot {
	left := snapshot{}
	for key, value := range s {
		if !strings.HasPrefix(key, name+" ") {
			left[key] = value
		}
	}
	return left
}

// requireInstalledGateway requires two ready pods of a revision, and objects that bear it.
func (l *lab) requireInstalledGateway(t *testing.T, name, revision string) {
	t.Helper()
	pods, err := l.core.Pods("istio-system").List(t.Context(), metav1.ListOptions{LabelSelector: "app=" + name})
	if err != nil {
		t.Fatal(err)
	}
	ready := slices.DeleteFunc(pods.Items, func(p corev1.Pod) bool { return p.DeletionTimestamp != nil })
	if len(ready) != 2 {
		t.Errorf("%s has %d pods, want 2", name, len(ready))
	}
	for _, p := range ready {
		if has := p.Annotations["istio.io/rev"]; has != revision {
			t.Errorf("pod %s is of revision %q, want %s", p.Name, has, revision)
		}
	}
	for key, labels := range l.gatewayState(t).without("pods") {
		if strings.Contains(key, name) && strings.HasSuffix(key, "metadata.labels") &&
			!strings.Contains(labels, `"istio.io/rev":"`+revision+`"`) {
			t.Errorf("%s are %s, want revision %s", key, labels, revision)
		}
	}
}

// requireInstallChangesNothing applies what istioctl renders of a gateway from the target's
// file, by a dry run as istioctl applies it.
func (l *lab) requireInstallChangesNothing(t *testing.T, file, name string) {
	t.Helper()
	out := output(t, nil, istioctl(t, newVersion), "manifest", "generate", "-f", file)
	for _, document := range strings.Split(out, "\n---\n") {
		o := &unstructured.Unstructured{}
		if err := kyaml.Unmarshal([]byte(document), &o.Object); err != nil {
			t.Fatal(err)
		}
		if o.GetKind() != "Deployment" || o.GetName() != name {
			continue
		}
		applied, err := l.objects.Resource(deployments).Namespace("istio-system").Apply(t.Context(), name, o, metav1.ApplyOptions{
			FieldManager: "istio-operator", Force: true, DryRun: []string{metav1.DryRunAll}})
		if err != nil {
			t.Fatal(err)
		}
		want, got := fieldJSON(t, l.deployment(t, "istio-system", name), "spec.template"), fieldJSON(t, *applied, "spec.template")
		if want != got {
			t.Errorf("the next istioctl install would change the template of %s:\n%s\n%s", name, want, got)
		}
		return
	}
	t.Errorf("istioctl renders no Deployment %s", name)
}

// requireUninstallLeavesGateways requires that an uninstall of the old revision would delete
// none of the gateways' objects.
func (l *lab) requireUninstallLeavesGateways(t *testing.T) {
	t.Helper()
	command := exec.Command(istioctl(t, newVersion), "uninstall", "--revision", oldRevision, "--dry-run", "--skip-confirmation",
		"--kubeconfig", l.kubeconfig)
	out, err := command.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "istiod-"+oldRevision) {
		t.Fatalf("uninstall by dry run: %v\n%s", err, out)
	}
	for _, name := range istioctlGateways {
		if strings.Contains(string(out), name) {
			t.Errorf("uninstalling %s would delete objects of %s:\n%s", oldRevision, name, out)
		}
	}
}
