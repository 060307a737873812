// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// Each way to bring a revision up is told as what it is.
func TestInstallersAreToldApart(t *testing.T) {
	s := step.Step{Kind: step.Install, Subject: "1-31-0", To: "1.31.0"}
	for name, c := range map[string]struct {
		installer Installer
		want      string
	}{
		"istioctl": {Installer{By: "./istioctl, version 1.31.0", From: "canary.yaml"},
			"  install  revision 1-31-0 from canary.yaml\n           by ./istioctl, version 1.31.0"},
		"Helm": {Installer{By: "Helm, chart istiod 1.31.0", From: "istiod in https://charts", InheritedFrom: "ConfigMap values-1-29-1", Inherited: []string{"a=1", "b.c=x"}},
			"  install  revision 1-31-0 from istiod in https://charts\n           by Helm, chart istiod 1.31.0\n           carried over from ConfigMap values-1-29-1: a=1, b.c=x"},
		"Helm, with nothing to carry over": {Installer{By: "Helm", From: "./istiod", InheritedFrom: "ConfigMap values"},
			"  install  revision 1-31-0 from ./istiod\n           by Helm\n           carried over from ConfigMap values: nothing, it has the chart's own values"},
		"others": {Installer{By: "another tool", Await: true, Notes: []string{"mind"}},
			"  await    revision 1-31-0, which another tool installs: this run only waits for it\n           note: mind"},
	} {
		if got := strings.Join(Proposal{Installer: &c.installer}.install(format.Style{Width: 200}, s), "\n"); got != c.want {
			t.Errorf("%s:\n%s", name, got)
		}
	}
}
