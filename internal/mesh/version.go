// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"fmt"
	"strings"
)

// ConfiguresEveryGateway reports whether an istiod of this version sends configuration to
// the proxies of every Gateway of the Gateway API, and not only of those that it owns:
// from 1.29.5, 1.30.2 and 1.31 on (istio#59959). A version that cannot be read is taken
// for a new one.
func ConfiguresEveryGateway(version string) bool {
	var minor, patch int
	switch n, _ := fmt.Sscanf(PlainVersion(version), "1.%d.%d", &minor, &patch); {
	case n == 0:
		return true
	case minor == 29:
		return patch >= 5
	case minor == 30:
		return patch >= 2
	}
	return minor > 30
}

// ImageTag returns the tag of an image reference, "" if it has none: a digest
// names an image, but no version.
func ImageTag(image string) string {
	image, _, _ = strings.Cut(image, "@")
	name := image[strings.LastIndex(image, "/")+1:]
	_, tag, _ := strings.Cut(name, ":")
	return tag
}

// PlainVersion returns an Istio version without a leading v and without an image
// flavour (1.31.0-distroless).
func PlainVersion(version string) string {
	version = strings.TrimPrefix(strings.TrimSpace(version), "v")
	for _, flavour := range []string{"-distroless", "-debug"} {
		version = strings.TrimSuffix(version, flavour)
	}
	return version
}
