// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// Baseline is the mesh as it was found: what a rollback goes back to, and what
// tells whether something moved that nobody asked to move.
type Baseline struct {
	Bindings  map[string]string `json:"bindings"`  // namespace -> its binding, as mesh.Binding.String writes it
	Revisions map[string]string `json:"revisions"` // namespace -> the revision that its binding gave
	Sidecars  map[string]string `json:"sidecars"`  // workload key -> revisions of its sidecars; gateways too
	Versions  map[string]string `json:"versions"`  // revision -> its Istio version
}

// Found is the baseline of a World, for the namespaces that will be moved; the
// sidecars of everything else are noted as well.
func Found(w mesh.World, namespaces []string) Baseline {
	b := Baseline{map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}}
	for _, r := range w.Revisions {
		b.Versions[r.Name] = r.Version
	}
	for _, name := range namespaces {
		ns, ok := w.Namespace(name)
		if !ok {
			continue
		}
		b.Bindings[name] = ns.Binding().String()
		b.Revisions[name] = strings.Join(w.Injectors(ns, mesh.Template{}), "+")
	}
	for _, wl := range w.Workloads {
		if wl.Injected() || wl.Gateway {
			b.Sidecars[wl.Key()] = strings.Join(wl.Sidecars(), "+")
		}
	}
	return b
}
