// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// served refuses namespaces whose labels nobody answers to: what they run today
// could not be told, and so not be given back.
func served(w mesh.World, names []string, revision string) error {
	for _, name := range names {
		ns, _ := w.Namespace(name)
		switch by := w.Injectors(ns, mesh.Template{}); len(by) {
		case 1:
			if err := undisturbed(w, ns, revision); err != nil {
				return err
			}
		case 0:
			if !bound(ns) { // its workloads' own labels bind them
				if err := bindingOnce(w, ns); err != nil {
					return err
				}
				continue
			}
			return fmt.Errorf("select namespaces: namespace %q is labelled %s, and no live webhook answers to that: its new pods get no sidecar: correct the label, or leave the namespace out", name, ns.Binding())
		default:
			return fmt.Errorf("select namespaces: namespace %q is labelled %s, and %d revisions would inject its pods (%s): remove the overlap first (see `istioctl analyze`, IST0139)", name, ns.Binding(), len(by), strings.Join(by, ", "))
		}
	}
	return nil
}

// bindingOnce refuses a namespace in which more than one revision would inject
// what its pods' own labels bind.
func bindingOnce(w mesh.World, ns mesh.Namespace) error {
	for _, wl := range w.In(ns.Name) {
		if by := w.Injectors(ns, wl.Template); len(by) > 1 && ownBound(w, ns, wl) {
			return fmt.Errorf("select namespaces: %d revisions would inject the pods of %s (%s), by their own labels: remove the overlap first (see `istioctl analyze`, IST0139)", len(by), wl.Key(), strings.Join(by, ", "))
		}
	}
	return nil
}

// undisturbed refuses a namespace whose label would move more than its pods: a
// Gateway of the Gateway API follows it at once, without a wave, a limit or a
// proof.
func undisturbed(w mesh.World, ns mesh.Namespace, revision string) error {
	for _, d := range drawn(w, ns, revision) {
		return fmt.Errorf("select namespaces: namespace %q holds %s, which istiod makes for the Gateway %s: with the namespace's label the istiod of %s would make it anew at once: bind that Gateway to what it has first (label it %s=%s, which restarts it once), or leave the namespace out",
			ns.Name, d.Subject, d.Gateway, revision, mesh.RevisionLabel, d.Has)
	}
	return nil
}

// gatewaysOnly reports whether a namespace's workloads are all gateways.
func gatewaysOnly(w mesh.World, namespace string) bool {
	all := w.In(namespace)
	return len(all) > 0 && !slices.ContainsFunc(all, func(wl mesh.Workload) bool { return !wl.Gateway })
}
