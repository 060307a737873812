// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"strings"
)

// imagePin is the annotation by which a template names its proxy's image: the plan
// says so already.
const imagePin = "sidecar.istio.io/proxyImage"

// versioned is told of a proxy that serves as well as any other, but is not what an
// upgrade is for. It is none of Rolled: those are waited for.
var versioned = Check{"proxy-version", "Each proxy is of its control plane's version.",
	"The workload is moved, and its proxies are not: something names their image, such as global.proxy.image in the revision's values or another webhook. Take it out there, and restart the workload.", sameVersion}

func sameVersion(f Facts) (Result, string) {
	r, _ := f.World.Revision(f.Revision)
	if _, pinned := f.Workload.Template.Annotations[imagePin]; pinned || f.Back || r.Version == "" || strings.Contains(r.Version, ",") {
		return Pass, ""
	}
	for _, p := range live(f) {
		for _, c := range f.World.Connections(f.Workload.Namespace, p.Name) {
			if c.Version != "" && plainly(c.Version) != plainly(r.Version) {
				return Warn, fmt.Sprintf("the proxy of pod %s is of %s, its istiod of %s", p.Name, c.Version, r.Version)
			}
		}
	}
	return Pass, ""
}

// plainly is a version without what an image's tag may add to it.
func plainly(version string) string {
	version = strings.TrimPrefix(version, "v")
	for _, flavour := range []string{"-distroless", "-debug"} {
		version = strings.TrimSuffix(version, flavour)
	}
	return version
}
