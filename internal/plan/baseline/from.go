// SPDX-License-Identifier: Apache-2.0

package baseline

import (
	"maps"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// WithFrom returns the ledger of a run to which Intent.From was given after it began:
// what the baseline has on the target revision counts as being on Intent.From. It is
// idempotent.
func WithFrom(w mesh.World, in step.Intent, l step.Ledger) step.Ledger {
	if in.From == "" || in.Rollback || l.Waves == nil || !foundOn(l, in.Revision) {
		return l
	}
	b := l.Baseline
	b.Bindings, b.Revisions, b.TemplateLabels = maps.Clone(b.Bindings), maps.Clone(b.Revisions), maps.Clone(b.TemplateLabels)
	b.Tag, b.Sidecars = maps.Clone(b.Tag), maps.Clone(b.Sidecars)
	for name, was := range b.Revisions {
		if was != in.Revision {
			continue
		}
		b.Revisions[name] = in.From
		delete(b.Tag, name)
		if _, own := b.TemplateLabels[mesh.WorkloadRef(name)]; own {
			b.TemplateLabels[mesh.WorkloadRef(name)] = in.From
		} else {
			b.Bindings[string(name)] = mesh.BindingTo(in.From).String()
		}
	}
	for key, was := range b.Sidecars {
		if wl, there := w.Workload(key); was != in.Revision || there && !in.Policy.Includes(wl) || !moves(b, key) {
			continue
		}
		b.Sidecars[key] = in.From
	}
	l.Baseline = b
	return l
}

// foundOn reports whether the baseline has anything that the run moves on the revision.
func foundOn(l step.Ledger, revision string) bool {
	for _, was := range l.Baseline.Revisions {
		if was == revision {
			return true
		}
	}
	for key, was := range l.Baseline.Sidecars {
		if was == revision && moves(l.Baseline, key) {
			return true
		}
	}
	return false
}

// moves reports whether a workload is in a namespace that the run moves.
func moves(b step.Baseline, ref mesh.WorkloadRef) bool {
	_, ours := b.Revisions[step.BoundNamespace(ref.Namespace())]
	return ours
}
