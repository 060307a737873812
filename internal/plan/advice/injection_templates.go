// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// MissingTemplates notes the workloads that ask for injection templates which the new control
// plane will not have. drafted are those of the control plane that the run installs; none if
// it installs none, or does not know.
func MissingTemplates(w mesh.World, s mesh.ControlPlaneSettings, t step.Target, drafted mesh.InjectionTemplates) []step.Note {
	is, _ := s.ControlPlane(t.Revision)
	offered, known := is.Templates, true
	if len(drafted.Names) > 0 {
		offered = drafted
	} else if len(offered.Names) == 0 {
		offered, known = mesh.BuiltInTemplates(), false
	}
	var notes []step.Note
	for _, r := range w.MissingTemplates(t.ExistingNamespaces(w), offered) {
		missing := strings.Join(r.Missing, ", ")
		text := fmt.Sprintf("asks for an injection template that revision %s lacks: its pods could not be created, so the run holds "+
			"before any label is written", t.Revision)
		if !known {
			text = fmt.Sprintf("asks for an injection template that is not Istio's own: without it in revision %s the run holds before any label "+
				"is written", t.Revision)
		}
		notes = append(notes, step.Note{
			Kind:     step.TemplateMissing,
			Subject:  string(r.Workload),
			Text:     text,
			Evidence: fmt.Sprintf("asks for %s; missing: %s%s", cmp.Or(r.Asked, "the default templates"), missing, whoHas(s, t, r.Missing)),
			Remedy: fmt.Sprintf("give revision %s the template (sidecarInjectorWebhook.templates in its values), or remove the name from the "+
				"annotation %s of the pod template", t.Revision, mesh.TemplatesAnnotation),
		})
	}
	return notes
}

// whoHas names the other revisions that have one of the templates.
func whoHas(s mesh.ControlPlaneSettings, t step.Target, names []string) string {
	var revisions []string
	for _, p := range s.ControlPlanes {
		if p.Revision != t.Revision && slices.ContainsFunc(names, func(n string) bool { return slices.Contains(p.Templates.Names, n) }) {
			revisions = append(revisions, p.Revision)
		}
	}
	if len(revisions) == 0 {
		return ""
	}
	return ", which revision " + strings.Join(revisions, ", ") + " has"
}
