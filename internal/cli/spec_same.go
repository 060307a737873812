// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/rerig/rerig/api/v1alpha1"
)

// differences lists the fields in which a spec asks for another move than the
// one on record. What is carried over is none: it may change as a run goes on.
// A version that was not asked for is the one that was found then.
func differences(asked, kept v1alpha1.MeshUpgradeSpec) []string {
	var fields []string
	differ := func(name string, same bool) {
		if !same {
			fields = append(fields, name)
		}
	}
	differ("revision", asked.Revision == kept.Revision)
	differ("version", asked.Version == "" || asked.Version == kept.Version)
	differ("install", asked.Install == nil || equalRaw(asked.Install, kept.Install))
	differ("helm", asked.Helm == nil || sameChart(asked.Helm, kept.Helm))
	differ("await", !asked.Await || kept.Await)
	differ("namespaces", equality.Semantic.DeepEqual(asked.Namespaces, kept.Namespaces))
	differ("waves", equality.Semantic.DeepEqual(asked.Waves, kept.Waves))
	differ("waveCount", asked.WaveCount == kept.WaveCount)
	return fields
}

// installOnly reports whether specs differ in how the revision is installed alone.
func installOnly(fields []string) bool {
	return !slices.ContainsFunc(fields, func(f string) bool { return f != "install" && f != "helm" && f != "await" })
}

// sameChart compares what was asked for; a version that was not is the one that
// was found, and so is what was carried over.
func sameChart(asked, kept *v1alpha1.HelmChart) bool {
	return kept != nil && asked.Chart == kept.Chart && asked.Repository == kept.Repository && asked.Carry == kept.Carry && asked.Base == kept.Base &&
		(asked.Version == "" || asked.Version == kept.Version) && equalRaw(asked.Values, kept.Values)
}

func equalRaw(a, b *runtime.RawExtension) bool {
	if a == nil || b == nil {
		return a == b
	}
	var x, y any
	return json.Unmarshal(a.Raw, &x) == nil && json.Unmarshal(b.Raw, &y) == nil && reflect.DeepEqual(x, y)
}

// another is the error of a name that is taken by a run that asks for something else.
func another(name string, fields []string) error {
	return fmt.Errorf("begin run %s: a run of that name is on record and asks for something else (spec.%s): give this one a name of its own with --name, or look at that one with `rerig status %s`",
		name, strings.Join(fields, ", spec."), name)
}
