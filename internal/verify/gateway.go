// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// Comparison is that of the configuration of a gateway's new pod with that of a pod that
// serves.
type Comparison struct {
	Pod, With   string // the names of the new pod and of the serving one
	Error       string // why one of them did not answer, "" if both did
	Resources   int    // of the new pod
	Differences mesh.ConfigDifferences
}

// GatewayConfiguration is evaluated for a gateway's trial pod, and before a gateway's old
// pod leaves its Services. A gateway without listeners is ready and has acknowledged all
// that it was sent.
var GatewayConfiguration = Check{
	Name: "gateway-configuration",
	Description: "A gateway's new pod has the listeners, routes, clusters and TLS secrets of a pod that serves. " +
		"Where only their content differs, the fields are named.",
	Hint: "The revisions see other configuration, or the new pod may not read a secret: compare " +
		"`istioctl proxy-config all POD -n NAMESPACE` of both pods, the labels istio.io/rev of Gateways and routes, and the pod's " +
		"ServiceAccount. The old pods still serve.",
	Evaluate: gatewayConfiguration,
}

// GatewayFront is evaluated with a gateway that has moved.
var GatewayFront = Check{
	Name: "gateway-front",
	Description: "A gateway's clients reach it as before: its Services have the same UID, cluster IPs, node ports and load balancer " +
		"addresses, and its Gateway of the Gateway API is programmed, with the same addresses. Fewer attached routes are a warning.",
	Hint: "Compare `kubectl get services,gateways -n NAMESPACE -o yaml` with what is named. If somebody changed a Service on purpose " +
		"during the run, roll back or begin a new run: the record has what was there when this one began.",
	Evaluate: gatewayFront,
}

func gatewayFront(f Facts) (Result, string) {
	if f.FrontBefore == nil {
		return Pass, ""
	}
	now := f.Workload.Front()
	if lost := now.WorseThan(*f.FrontBefore); len(lost) > 0 {
		return Wait, strings.Join(lost, "; ")
	}
	if fewer := now.FewerRoutes(*f.FrontBefore); fewer != "" {
		return Warn, fewer
	}
	return Pass, ""
}

// namedDifferences is how many differences a reason names.
const namedDifferences = 3

func gatewayConfiguration(f Facts) (Result, string) {
	c := f.Compared
	switch {
	case c == nil:
		return Wait, "no pod was compared"
	case c.Error != "":
		return Wait, "the pods cannot be compared: " + c.Error
	}
	d := c.Differences
	different := cmp.Or(
		naming("pod "+c.Pod+" lacks, unlike "+c.With+",", d.Missing),
		naming("pod "+c.Pod+" serves other certificates than "+c.With+":", d.Secrets),
		naming("pod "+c.Pod+" has, unlike "+c.With+",", d.Added),
	)
	if different != "" {
		return Wait, different
	}
	equal := fmt.Sprintf("%s and %s have the same %d listeners, routes, clusters and secrets", c.Pod, c.With, c.Resources)
	if len(d.Changed) > 0 {
		return Warn, equal + naming(", with other content of", d.Changed)
	}
	return Pass, equal
}

// naming adds the first names to a text; "" without any.
func naming(text string, names []string) string {
	switch {
	case len(names) == 0:
		return ""
	case len(names) > namedDifferences:
		return fmt.Sprintf("%s %s and %d more", text, strings.Join(names[:namedDifferences], ", "), len(names)-namedDifferences)
	}
	return text + " " + strings.Join(names, ", ")
}
