// SPDX-License-Identifier: Apache-2.0

package cluster

// Trying is what trials need beside Acting.
func Trying() []Permission {
	return []Permission{
		{"get", "apps", "daemonsets", "", ""},
		{"get", "apps", "deployments", "", ""},
		{"get", "apps", "statefulsets", "", ""},
		{"list", "", "services", "", ""},                       // for the labels that they select by, and the way to the webhook
		{"list", "discovery.k8s.io", "endpointslices", "", ""}, // of namespaces in which a trial pod serves
		{"create", "", "pods", "", ""},
		{"get", "", "pods", "", ""},
		{"patch", "", "pods", "", ""},
		{"patch", "", "pods/status", "", ""}, // for the readiness gate by which it serves
		{"delete", "", "pods", "", ""},
	}
}
