// SPDX-License-Identifier: Apache-2.0

package install

import (
	"regexp"
	"strings"
)

// SameVersion compares two Istio versions, whether they are written with a
// leading v or with an image's flavour behind them (1.31.0-distroless).
func SameVersion(a, b string) bool { return normalizeVersion(a) == normalizeVersion(b) }

// normalizeVersion is the version without a leading v and without an image's flavour.
func normalizeVersion(version string) string {
	version = strings.TrimPrefix(strings.TrimSpace(version), "v")
	for _, flavour := range []string{"-distroless", "-debug"} {
		version = strings.TrimSuffix(version, flavour)
	}
	return version
}

var versionPattern = regexp.MustCompile(`^\d+\.\d+\.\d+(-(alpha|beta|rc)\.\d+)?$`)

// versionFromTag returns the version that an image's tag spells; a tag such as
// latest spells none.
func versionFromTag(tag string) (string, bool) {
	tag = normalizeVersion(tag)
	return tag, versionPattern.MatchString(tag)
}

// ResolveVersion is the version that a plan names: the one that was asked for, else
// the one that the file's tag spells, else the one that the revision's name
// spells, else the one of the istioctl at hand. It is "" when own is "" and
// nothing says it.
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
