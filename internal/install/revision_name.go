// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// maxRevisionLength keeps "istiod-<revision>", the name of a Service, within a
// DNS label.
const maxRevisionLength = validation.DNS1123LabelMaxLength - len("istiod-")

// ValidateRevisionName says what is wrong with a revision's name, or nil. Istio puts
// the name into labels and into the names of objects, of which the Service
// istiod-<revision> is the strictest: a DNS label of at most 63 characters
// (istioctl itself checks only the label: operator/pkg/apis/validation, Istio
// 1.31.0). "default" is what Istio calls the control plane without a revision.
func ValidateRevisionName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("revision: none given; name one, such as %q", RevisionName("1.31.0"))
	case name == "default":
		return fmt.Errorf("revision %q: reserved, it is what Istio calls the control plane without a revision; name the new one after its version, such as %q", name, RevisionName("1.31.0"))
	case len(name) > maxRevisionLength:
		return fmt.Errorf("revision %q: %d characters, but at most %d leave room for the Service istiod-<revision>", name, len(name), maxRevisionLength)
	}
	if faults := validation.IsDNS1123Label(name); len(faults) > 0 {
		hint := ""
		if better := RevisionName(name); better != name && len(validation.IsDNS1123Label(better)) == 0 {
			hint = fmt.Sprintf("; did you mean %q?", better)
		}
		return fmt.Errorf("revision %q: it becomes a label's value and part of a Service's name, so only lower-case letters, digits and '-', beginning and ending with a letter or digit%s", name, hint)
	}
	return nil
}

// RevisionName is the usual name of a version's revision: 1-31-0 for 1.31.0.
func RevisionName(version string) string {
	return strings.ReplaceAll(strings.ToLower(normalizeVersion(version)), ".", "-")
}

var revisionPattern = regexp.MustCompile(`^v?(\d+)-(\d+)-(\d+)(?:-(alpha|beta|rc)-(\d+))?$`)

// VersionFromRevision returns the version that a revision's name spells: 1.31.0 for
// 1-31-0, and false for a name such as canary.
func VersionFromRevision(revision string) (string, bool) {
	m := revisionPattern.FindStringSubmatch(revision)
	if m == nil {
		return "", false
	}
	version := strings.Join(m[1:4], ".")
	if m[4] != "" {
		version += "-" + m[4] + "." + m[5]
	}
	return version, true
}
