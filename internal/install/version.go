// SPDX-License-Identifier: Apache-2.0

package install

import (
	"regexp"
	"strings"
)

// SameVersion reports whether two Istio versions are equal, ignoring a leading v and an image
// flavour (1.31.0-distroless).
func SameVersion(a, b string) bool { return normalizeVersion(a) == normalizeVersion(b) }

// normalizeVersion returns the version without a leading v and without an image flavour.
func normalizeVersion(version string) string {
	version = strings.TrimPrefix(strings.TrimSpace(version), "v")
	for _, flavour := range []string{"-distroless", "-debug"} {
		version = strings.TrimSuffix(version, flavour)
	}
	return version
}

var versionPattern = regexp.MustCompile(`^\d+\.\d+\.\d+(-(alpha|beta|rc)\.\d+)?$`)

// versionFromTag returns the version in an image tag; false for a tag such as latest.
func versionFromTag(tag string) (string, bool) {
	tag = normalizeVersion(tag)
	return tag, versionPattern.MatchString(tag)
}

// ResolveVersion returns the version of a plan: the requested one, else the one in the file's tag, else
// the one in the revision's name, else own. own is the version of the available istioctl, or "".
func ResolveVersion(asked string, file IstioOperator, revision, own string) string {
	if asked != "" {
		return normalizeVersion(asked)
	}
	if version, ok := versionFromTag(file.Tag()); ok {
		return version
	}
	if version, ok := VersionFromRevision(revision); ok {
		return version
	}
	return normalizeVersion(own)
}
