// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

func TestInstallationNamesItsInstaller(t *testing.T) {
	step := step.Step{Kind: step.Install, Subject: "1-31-0", To: "1.31.0"}
	for _, c := range []struct {
		name      string
		installer Installer
		want      string
	}{
		{name: "istioctl", installer: Installer{By: "./istioctl, version 1.31.0", From: "canary.yaml"},
			want: "  install  revision 1-31-0 from canary.yaml\n           by ./istioctl, version 1.31.0"},
		{name: "Helm", installer: Installer{By: "Helm, chart istiod 1.31.0", From: "istiod in https://charts",
			InheritedFrom: "ConfigMap values-1-29-1", Inherited: []string{"a=1", "b.c=x"}},
			want: "  install  revision 1-31-0 from istiod in https://charts\n           by Helm, chart istiod 1.31.0\n" +
				"           inherited from ConfigMap values-1-29-1: a=1, b.c=x"},
		{name: "Helm without inherited values", installer: Installer{By: "Helm", From: "./istiod", InheritedFrom: "ConfigMap values"},
			want: "  install  revision 1-31-0 from ./istiod\n           by Helm\n" +
				"           inherited from ConfigMap values: nothing, all values are the chart's defaults"},
		{name: "objects outside of the control plane", installer: Installer{By: "./istioctl", From: "canary.yaml",
			Created: []Remark{{Subject: "DaemonSet istio-system/istio-cni-node", Reason: "runs a pod on each node that it selects"},
				{Subject: "DaemonSet istio-system/ztunnel", Reason: "runs a pod on each node that it selects"},
				{Subject: "ConfigMap istio-system/istio-cni-config"}},
			InPlace: []Remark{{Subject: "ServiceAccount istio-system/istio-reader-service-account", Reason: "now 1-29-1"}}},
			want: "  install  revision 1-31-0 from canary.yaml\n           by ./istioctl\n" +
				"           also creates: 2 DaemonSets istio-system/istio-cni-node, istio-system/ztunnel: runs a pod on each node that it selects\n" +
				"           also creates: ConfigMap istio-system/istio-cni-config\n" +
				"           replaced in place: ServiceAccount istio-system/istio-reader-service-account: now 1-29-1"},
		{name: "another tool", installer: Installer{By: "another tool", Await: true, Notes: []string{"mind"}},
			want: "  wait for revision 1-31-0, installed by another tool\n           note: mind"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newPlanView(Proposal{Installer: &c.installer}, format.Style{Width: 200})
			if got := strings.Join(v.installation(step), "\n"); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}
