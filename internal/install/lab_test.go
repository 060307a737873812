// SPDX-License-Identifier: Apache-2.0

//go:build unix

package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/rerig/rerig/internal/install/process/processtest"
)

// labInstaller returns an installer of revision 1-31-0, version 1.31.0, for the lab that
// RERIG_TEST_INSTALL_KUBECONFIG names. The lab runs 1-29-1, with gateways installed by istioctl.
func labInstaller(t *testing.T) IstioctlInstaller {
	t.Helper()
	kubeconfig := os.Getenv("RERIG_TEST_INSTALL_KUBECONFIG")
	if kubeconfig == "" {
		t.Skip("RERIG_TEST_INSTALL_KUBECONFIG is not set: no lab to install into (its control planes are changed)")
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.QPS, config.Burst = 50, 100
	cluster, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	file, err := ReadIstioOperator("../../lab/istio/1-31-0.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return IstioctlInstaller{Operator: file, Istioctl: realIstioctl(t, "1.31.0"), Kubeconfig: kubeconfig, Cluster: cluster,
		Timeout: 3 * time.Minute}
}

// TestLab drafts, fails, removes, kills and repeats an install beside a working mesh. The gateways
// must not change.
func TestLab(t *testing.T) {
	i := labInstaller(t)
	before := gatewayStates(t, i.Cluster)
	if len(before) < 3 {
		t.Fatalf("the lab has no gateways to leave alone: %v", before)
	}
	t.Run("draft", func(t *testing.T) { labDraft(t, i) })
	t.Run("by Helm", func(t *testing.T) { labHelm(t, i) })
	t.Run("an image that is not there", func(t *testing.T) { labFailure(t, i) })
	t.Run("killed in the middle", func(t *testing.T) { labKilled(t, i) })
	t.Run("repeated", func(t *testing.T) { labInstall(t, i) })
	t.Run("repeated when it is there", func(t *testing.T) { labInstall(t, i) })
	if diff := cmp.Diff(before, gatewayStates(t, i.Cluster)); diff != "" {
		t.Errorf("the gateways changed:\n%s", diff)
	}
}

func labDraft(t *testing.T, i IstioctlInstaller) {
	began := time.Now()
	d, err := i.Draft(t.Context(), "1-31-0", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("drafted in %v: %d objects, %d in place, notes %q", time.Since(began), d.Objects, len(d.InPlace), d.Notes)
	var left []string
	for _, o := range d.OmittedGateways {
		left = append(left, o.String()+", "+o.CurrentState())
	}
	want := []string{
		"Deployment istio-system/istio-egressgateway, now 1-29-1, version 1.29.1",
		"Deployment istio-system/istio-ingressgateway, now 1-29-1, version 1.29.1",
	}
	if diff := cmp.Diff(want, left); diff != "" {
		t.Errorf("left out:\n%s", diff)
	}
	for _, o := range d.InPlace {
		if o.Component != "Base" || !o.Present {
			t.Errorf("in place: %s (%s, %s)", o, o.Component, o.CurrentState())
		}
	}
}

func labFailure(t *testing.T, i IstioctlInstaller) {
	const rev = "broken"
	i.Timeout = 10 * time.Second
	i.Log = func(line string) { t.Log(line) }
	i.Operator = parseOperator(t,
		"apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec: {profile: default, hub: docker.io/nobody, tag: 1.31.0}")
	began := time.Now()
	err := i.Install(t.Context(), rev, "1.31.0")
	failure, ok := errors.AsType[*Failure](err)
	if !ok {
		t.Fatalf("it ended with %v", err)
	}
	t.Logf("failed after %v:\n%v", time.Since(began), failure)
	if !strings.Contains(strings.Join(objectNames(failure.Leftovers.Own), "\n"), "Deployment istio-system/istiod-"+rev) ||
		len(failure.Leftovers.Needed) > 0 {
		t.Errorf("left behind: %+v", failure.Leftovers)
	}
	if len(failure.Leftovers.RemoveCommands) != 1 {
		t.Fatalf("to remove it: %q", failure.Leftovers.RemoveCommands)
	}
	command := exec.CommandContext(t.Context(), "sh", "-c", failure.Leftovers.RemoveCommands[0]+" --skip-confirmation")
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", failure.Leftovers.RemoveCommands[0], err, output)
	}
	// What is deleted in the foreground takes a moment to go.
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(time.Second) {
		left, err := i.Leftovers(t.Context(), rev)
		if err == nil && len(left.Own)+len(left.Needed) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("after its removal: %v, %v", left, err)
		}
	}
}

// labKilled kills the installing process once an object of the revision exists. Its istioctl is a
// wrapper script.
func labKilled(t *testing.T, i IstioctlInstaller) {
	pids := filepath.Join(t.TempDir(), "pids")
	around := processtest.WriteScript(t, fmt.Sprintf(`[ "$1" = install ] || exec %[1]s "$@"
exec 3<&0; %[1]s "$@" <&3 & echo $$ $! > %[2]s.new; mv %[2]s.new %[2]s; wait`, i.Istioctl, pids))
	process := exec.Command(os.Args[0], "-test.run=^TestInstallUntilKilled$", "-test.v")
	process.Env = append(os.Environ(), "RERIG_TEST_INSTALL_WITH="+around)
	var output strings.Builder
	process.Stdout, process.Stderr = &output, &output
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		left, err := i.Leftovers(t.Context(), "1-31-0")
		if err == nil && len(left.Own) > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing was installed in a minute (%v): %s", err, output.String())
		}
	}
	both := processtest.AwaitPIDs(t, pids)
	_ = process.Process.Kill()
	_ = process.Wait()
	processtest.AwaitExit(t, both)
	left, err := i.Leftovers(t.Context(), "1-31-0")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(output.String(), "installed to its end") {
		t.Error("the kill came too late to show anything")
	}
	t.Logf("killed with %d objects of the revision there", len(left.Own))
}

// TestInstallUntilKilled is the process that labKilled kills.
func TestInstallUntilKilled(t *testing.T) {
	around := os.Getenv("RERIG_TEST_INSTALL_WITH")
	if around == "" {
		t.Skip("only labKilled starts it")
	}
	i := labInstaller(t)
	i.Istioctl = around
	fmt.Println("installed to its end:", i.Install(context.Background(), "1-31-0", ""))
}

func labInstall(t *testing.T, i IstioctlInstaller) {
	began := time.Now()
	i.Log = func(line string) { t.Log(line) }
	if err := i.Install(t.Context(), "1-31-0", ""); err != nil {
		t.Fatal(err)
	}
	t.Logf("installed in %v", time.Since(began))
	istiod, err := i.Cluster.Resource(deployments).Namespace("istio-system").Get(t.Context(), "istiod-1-31-0", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if owner := istiod.GetLabels()["install.operator.istio.io/owning-resource"]; owner != "rerig-1-31-0" {
		t.Errorf("istiod's owner is %q", owner)
	}
	left, err := i.Leftovers(t.Context(), "1-31-0")
	if err != nil || len(left.Needed) > 0 || len(left.Own) < 10 {
		t.Errorf("of the revision there is %+v, %v", left, err)
	}
	old, err := i.Leftovers(t.Context(), "1-29-1")
	if err != nil || len(old.Needed) == 0 {
		t.Errorf("of the old revision there is %+v, %v", old, err)
	}
}

var (
	deployments = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	pods        = schema.GroupVersionResource{Version: "v1", Resource: "pods"}
)

// gatewayStates returns everything that changes if the gateways, their pods or the default tag are
// touched.
func gatewayStates(t *testing.T, cluster dynamic.Interface) map[string]string {
	t.Helper()
	states := map[string]string{}
	for _, kind := range []schema.GroupVersionResource{deployments, pods} {
		list, err := cluster.Resource(kind).Namespace("istio-system").List(t.Context(),
			metav1.ListOptions{LabelSelector: componentLabel + " in (IngressGateways,EgressGateways)"})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range list.Items {
			states[o.GetKind()+" "+o.GetName()] = fmt.Sprint(o.GetUID(), " generation ", o.GetGeneration(), " ", o.GetLabels())
		}
	}
	tags, err := cluster.Resource(mutatingWebhookResource).List(t.Context(), metav1.ListOptions{LabelSelector: tagLabel})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range tags.Items {
		states["tag "+o.GetName()] = o.GetLabels()[revisionLabel]
	}
	return states
}
