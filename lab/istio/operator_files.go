// SPDX-License-Identifier: Apache-2.0

// Package istio holds the IstioOperator files of the lab's two Istios, as a user
// of the lab hands them to istioctl.
package istio

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed *.yaml
var files embed.FS

// Revision is the name of the revision that the file for this version installs: 1.29.1 is 1-29-1.
func Revision(version string) string { return strings.ReplaceAll(version, ".", "-") }

// OperatorFile is the IstioOperator file for this version.
func OperatorFile(version string) ([]byte, error) {
	b, err := files.ReadFile(Revision(version) + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("find the IstioOperator of Istio %s: %w", version, err)
	}
	return b, nil
}
