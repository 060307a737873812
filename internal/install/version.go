// SPDX-License-Identifier: Apache-2.0

package install

import (
	"regexp"

	"github.com/rerig/rerig/internal/mesh"
)

// SameVersion reports whether two Istio versions are equal, ignoring a leading v and an image
// flavour (1.31.0-distroless).
func SameVersion(a, b string) bool { return mesh.PlainVersion(a) == mesh.PlainVersion(b) }

var versionPattern = regexp.MustCompile(`^\d+\.\d+\.\d+(-(alpha|beta|rc)\.\d+)?$`)

// versionFromTag returns the version in an image tag; false for a tag such as latest.
func versionFromTag(tag string) (string, bool) {
	tag = mesh.PlainVersion(tag)
	return tag, versionPattern.MatchString(tag)
}

// ResolveVersion returns the version of a plan: the requested one, else the one in the file's tag, else
// the one in the revision's name, else own. own is the version of the available istioctl, or "".
func ResolveVersion(asked string, file IstioOperator, revision, own string) string {
	if asked != "" {
		return mesh.PlainVersion(asked)
	}
	if version, ok := versionFromTag(file.Tag()); ok {
		return version
	}
	if version, ok := VersionFromRevision(revision); ok {
		return version
	}
	return mesh.PlainVersion(own)
}
