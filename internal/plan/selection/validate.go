// SPDX-License-Identifier: Apache-2.0

package selection

import (
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// Validate rejects namespaces that no webhook, or more than one, injects: their present
// state could not be restored.
func Validate(w mesh.World, names []string, in step.Intent) error {
	for _, name := range names {
		ns, _ := w.Namespace(name)
		switch by := w.Injectors(ns, mesh.Template{}); len(by) {
		case 1:
			if others := w.InjectedByOthers(ns, mesh.Template{}); len(others) > 0 {
				return fmt.Errorf("select namespaces: namespace %q is labelled %s, and the webhooks of two meshes would inject its pods: those of "+
					"%s, and those that call the istiod in namespace %s: remove the overlap first (see `istioctl analyze`, IST0139), or %s",
					name, ns.Binding(), by[0], strings.Join(others, ", "), leaveOut(name))
			}
			if err := validateGateways(w, in, ns); err != nil {
				return err
			}
		case 0:
			if !binding.Labelled(ns) { // its workloads' own labels bind them
				if err := validateSingleInjector(w, ns); err != nil {
					return err
				}
				continue
			}
			return fmt.Errorf(
				"select namespaces: namespace %q is labelled %s, which no webhook selects, so that its new pods get no sidecar: correct the "+
					"label, or %s",
				name, ns.Binding(), leaveOut(name),
			)
		default:
			return fmt.Errorf(
				"select namespaces: namespace %q is labelled %s, and %d revisions would inject its pods (%s): remove the overlap first (see "+
					"`istioctl analyze`, IST0139), or %s",
				name, ns.Binding(), len(by),
				strings.Join(by, ", "), leaveOut(name),
			)
		}
	}
	return nil
}

// validateSingleInjector rejects a namespace in which more than one revision would
// inject a workload that its own labels bind.
func validateSingleInjector(w mesh.World, ns mesh.Namespace) error {
	for _, wl := range w.WorkloadsIn(ns.Name) {
		if by := w.Injectors(ns, wl.Template); len(by) > 1 && binding.BoundByOwnLabels(w, ns, wl) {
			return fmt.Errorf(
				"select namespaces: %d revisions would inject the pods of %s (%s), by their own labels: remove the overlap first (see "+
					"`istioctl analyze`, IST0139), or %s",
				len(by), wl.Ref(),
				strings.Join(by, ", "), leaveOut(ns.Name),
			)
		}
	}
	return nil
}

// validateGateways rejects a namespace whose label would move a Gateway of the Gateway
// API at once, without a wave, a limit or a verification.
func validateGateways(w mesh.World, in step.Intent, ns mesh.Namespace) error {
	revision := in.Revision
	for _, d := range binding.GatewaysAffectedBy(w, ns, revision) {
		wl, _ := w.Workload(d.Workload)
		if strategy.Decide(in.Policy, wl).Moves() {
			continue // it is frozen before the label is written
		}
		return fmt.Errorf("select namespaces: namespace %q has %s, which istiod manages for the Gateway %s: with the namespace's label "+
			"the istiod of %s would re-create it at once: label that Gateway with its present revision first (%s=%s, which restarts it "+
			"once), or %s",
			ns.Name, d.Workload, d.Gateway, revision, mesh.RevisionLabel, d.From, leaveOut(ns.Name))
	}
	return nil
}

// nothingIncluded reports whether a namespace has workloads, and all are gateways that are
// not moved.
func nothingIncluded(w mesh.World, p step.Policy, namespace string) bool {
	return hasOnly(w, namespace, func(wl mesh.Workload) bool { return !p.Includes(wl) })
}
