// SPDX-License-Identifier: Apache-2.0

package cluster

import "github.com/rerig/rerig/internal/mesh"

// Retagging is what the move of a tag needs beside Acting, where istiod lives in root.
func Retagging(root, tag string) []Permission {
	const group = "admissionregistration.k8s.io"
	needed := []Permission{
		{"patch", group, "mutatingwebhookconfigurations", "", ""},
		{"get", "", "services", root, ""},
		{"patch", "", "services", root, ""},
	}
	if tag != mesh.DefaultTag {
		return needed
	}
	return append(needed,
		Permission{"create", group, "mutatingwebhookconfigurations", "", ""}, // a default that is no tag yet becomes one
		Permission{"delete", group, "mutatingwebhookconfigurations", "", ""},
		Permission{"get", group, "validatingwebhookconfigurations", "", ""},
		Permission{"patch", group, "validatingwebhookconfigurations", "", ""})
}
