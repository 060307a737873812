// SPDX-License-Identifier: Apache-2.0

package mesh

import "strings"

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
