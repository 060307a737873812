// SPDX-License-Identifier: Apache-2.0

// Package istio embeds the IstioOperator files of the lab's two Istio versions.
package istio

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed *.yaml
var files embed.FS

// Revision returns the revision that the version's file installs. For 1.29.1 it is 1-29-1.
func Revision(version string) string { return strings.ReplaceAll(version, ".", "-") }

// OperatorFile returns the IstioOperator file of the version.
func OperatorFile(version string) ([]byte, error) {
	b, err := files.ReadFile(Revision(version) + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("read the IstioOperator of Istio %s: %w", version, err)
	}
	return b, nil
}
