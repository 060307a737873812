// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/rerig/rerig/api/v1alpha1"
)

// installerFields are the fields that say how the revision is installed.
var installerFields = []string{"install", "helm", "await"}

// Differences lists the fields in which a specification asks for another upgrade
// than the recorded one. Fields that may change while a run is unfinished are
// not among them, nor a version that the command left open.
func Differences(asked, recorded Spec) []string {
	same := []struct {
		field string
		same  bool
	}{
		{"revision", asked.Revision == recorded.Revision},
		{"istioNamespace", SameMesh(asked.IstioNamespace, recorded)},
		{"version", asked.Version == "" || asked.Version == recorded.Version},
		{"install", asked.Install == nil || sameValues(asked.Install, recorded.Install)},
		{"helm", asked.Helm == nil || sameChart(asked.Helm, recorded.Helm)},
		{"await", !asked.Await || recorded.Await},
		{"namespaces", equality.Semantic.DeepEqual(asked.Namespaces, recorded.Namespaces)},
		{"waves", equality.Semantic.DeepEqual(asked.Waves, recorded.Waves)},
		{"gateways", asked.Gateways == "" || asked.Gateways == cmp.Or(recorded.Gateways, "leave")},
		{"waveCount", asked.WaveCount == recorded.WaveCount},
	}
	var fields []string
	for _, s := range same {
		if !s.same {
			fields = append(fields, s.field)
		}
	}
	return fields
}

// SameMesh reports whether a recorded run is of the mesh in a root namespace, "" for any.
// Version 0.1 recorded none.
func SameMesh(root string, recorded Spec) bool {
	return root == "" || recorded.IstioNamespace == "" || root == recorded.IstioNamespace
}

// OnlyInstaller reports whether fields name nothing but how the revision is
// installed.
func OnlyInstaller(fields []string) bool {
	return !slices.ContainsFunc(fields, func(f string) bool { return !slices.Contains(installerFields, f) })
}

// CopyInstaller copies how the revision is installed.
func CopyInstaller(to *Spec, from Spec) {
	to.Install, to.Helm, to.Await = from.Install, from.Helm, from.Await
}

// sameChart compares what a command asked for. A version that it left open is
// the recorded one, and so are the inherited values.
func sameChart(asked, recorded *v1alpha1.HelmChart) bool {
	return recorded != nil &&
		asked.Chart == recorded.Chart && asked.Repository == recorded.Repository &&
		asked.Inherit == recorded.Inherit && asked.Base == recorded.Base &&
		(asked.Version == "" || asked.Version == recorded.Version) && sameValues(asked.Values, recorded.Values)
}
