// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/rerig/rerig/internal/mesh"
)

// maxRevisionLength keeps "istiod-<revision>", the name of a Service, within a DNS label.
const maxRevisionLength = validation.DNS1123LabelMaxLength - len("istiod-")

// ValidateRevisionName returns an error if a revision's name is invalid. Istio uses it as a label value
// and in object names, of which the Service istiod-<revision> is the strictest: a DNS label of at
// most 63 characters (istioctl checks only the label: operator/pkg/apis/validation, Istio 1.31.0).
// "default" is what Istio calls the control plane without a revision.
func ValidateRevisionName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("the revision is empty. Name one, such as %q", RevisionName("1.31.0"))
	case name == "default":
		return fmt.Errorf("revision %q is reserved: Istio uses it for the control plane without a revision. "+
			"Name the new one after its version, such as %q",
			name, RevisionName("1.31.0"))
	case len(name) > maxRevisionLength:
		return fmt.Errorf("revision %q has %d characters: at most %d fit into the name of the Service istiod-<revision>",
			name, len(name), maxRevisionLength)
	}
	if faults := validation.IsDNS1123Label(name); len(faults) > 0 {
		hint := ""
		if better := RevisionName(name); better != name && len(validation.IsDNS1123Label(better)) == 0 {
			hint = fmt.Sprintf(". Did you mean %q?", better)
		}
		return fmt.Errorf("revision %q is invalid: it is a label value and part of a Service name. "+
			"Use lower-case letters, digits and '-', beginning and ending with a letter or digit%s", name, hint)
	}
	return nil
}

// RevisionName returns the usual revision name of a version: 1-31-0 for 1.31.0.
func RevisionName(version string) string {
	return strings.ReplaceAll(strings.ToLower(mesh.PlainVersion(version)), ".", "-")
}

var revisionPattern = regexp.MustCompile(`^v?(\d+)-(\d+)-(\d+)(?:-(alpha|beta|rc)-(\d+))?$`)

// VersionFromRevision returns the version in a revision's name: 1.31.0 for 1-31-0, and false for a
// name such as canary.
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
