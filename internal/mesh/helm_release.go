// SPDX-License-Identifier: Apache-2.0

package mesh

import "strings"

// HelmRelease is the Helm release that manages a workload's template, as an upgrade of it
// would write the template's label istio.io/rev. The zero HelmRelease means that none was
// read.
type HelmRelease struct {
	Namespace string
	Name      string
	Chart     string           // its chart and version: "gateway 1.29.1"
	Value     string           // path of the value that renders the label: "revision"
	Renders   []HelmObjectKind // what its chart renders, each kind once
	Unfit     string           // why Rerig does not upgrade it, "" when it can
	Busy      string           // why it cannot be upgraded before another process is done, "" when it can

	// Unfinished reports that a run's upgrade of it was interrupted or failed.
	Unfinished bool
}

// HelmObjectKind is a kind of the objects that a release renders into a namespace.
type HelmObjectKind struct {
	Group     string
	Resource  string
	Namespace string // "" for a cluster-scoped one
}

// Read reports whether the release was read.
func (h HelmRelease) Read() bool { return h.Name != "" }

// Writes reports whether an upgrade of the release writes the label.
func (h HelmRelease) Writes() bool { return h.Read() && h.Unfit == "" }

// String returns "Helm release NAMESPACE/NAME".
func (h HelmRelease) String() string { return helmRelease + h.Namespace + "/" + h.Name }

// helmRelease begins the ManagedBy of what a Helm release manages; the release follows.
const helmRelease = "Helm release "

// HelmReleaseName returns the namespace and name of the Helm release that manages the
// workload's template, false if none does.
func (w Workload) HelmReleaseName() (namespace, name string, is bool) {
	release, is := strings.CutPrefix(w.ManagedBy, helmRelease)
	if !is {
		return "", "", false
	}
	return strings.Cut(release, "/")
}

// ByGitOps reports whether a GitOps tool manages the workload's template.
func (w Workload) ByGitOps() bool {
	return w.ManagedBy != "" && !strings.HasPrefix(w.ManagedBy, helmRelease)
}
