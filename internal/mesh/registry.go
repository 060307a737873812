// SPDX-License-Identifier: Apache-2.0

package mesh

import "slices"

// istioRegistries are the registries of Istio's own images. Which of them is the default
// depends on the version.
var istioRegistries = []string{
	"docker.io/istio", "gcr.io/istio-release", "gcr.io/istio-testing", "registry.istio.io/release", "registry.istio.io/testing",
}

// OwnRegistry stands for each of the registries of Istio's own images in a Setting.
const OwnRegistry = "Istio's own registry"

// IsIstioRegistry reports whether a hub is a registry of Istio's own images.
func IsIstioRegistry(hub string) bool { return slices.Contains(istioRegistries, hub) }
