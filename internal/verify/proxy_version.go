// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// imageAnnotation is the annotation by which a template names its proxy's image. The
// plan already reports such templates.
const imageAnnotation = "sidecar.istio.io/proxyImage"

// proxyVersion warns about a proxy that works but does not have the new version. It
// is not part of WorkloadRollout, because no run waits for it.
var proxyVersion = Check{
	Name:        "proxy-version",
	Description: "Every proxy has the version of its control plane.",
	Hint: "The workload moved, but its proxies kept their version: something sets their image, " +
		"such as global.proxy.image in the revision's values or another webhook. Remove that and restart the workload.",
	Evaluate: evaluateProxyVersion,
}

func evaluateProxyVersion(f Facts) (Result, string) {
	r, _ := f.World.Revision(f.Revision)
	_, fixed := f.Workload.Template.Annotations[imageAnnotation]
	if fixed || f.Rollback || r.Version == "" || strings.Contains(r.Version, ",") {
		return Pass, ""
	}
	for _, p := range runningPods(f) {
		for _, c := range f.World.Connections(f.Workload.Namespace, p.Name) {
			if c.Version != "" && mesh.PlainVersion(c.Version) != mesh.PlainVersion(r.Version) {
				return Warn, fmt.Sprintf("the proxy of pod %s has version %s, its istiod has %s", p.Name, c.Version, r.Version)
			}
		}
	}
	return Pass, ""
}
