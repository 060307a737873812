// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/sensitive"
)

// Draft describes what an install would do. Nothing was changed to find out.
type Draft struct {
	Revision        string                  `json:"revision"`
	Version         string                  `json:"version"`             // "" if unknown before the install
	By              string                  `json:"by"`                  // what installs it: a program and its version, or "another tool"
	Namespace       string                  `json:"namespace,omitempty"` // of its istiod
	Image           string                  `json:"image,omitempty"`     // of its istiod
	Objects         int                     `json:"objects,omitempty"`   // number of objects to apply
	OmittedGateways []Object                `json:"leftOut,omitempty"`   // gateways in the file: istioctl would replace them in place, at once
	InPlace         []Object                `json:"inPlace,omitempty"`   // existing objects outside of the control plane that are replaced
	Created         []Object                `json:"created,omitempty"`   // objects outside of the control plane that do not exist yet
	References      []Reference             `json:"-"`                   // fields of its objects that lead to another revision
	Notes           []string                `json:"notes,omitempty"`     // for the reviewer of the plan
	Permissions     []Permission            `json:"-"`                   // that the user needs
	Inherited       *InheritedValues        `json:"-"`                   // values of the old revision given to the chart; nil if none
	File            string                  `json:"-"`                   // YAML input of istioctl (the IstioOperator) or Helm (the values)
	Rendered        string                  `json:"-"`                   // digest of the manifest; "" without one
	Templates       mesh.InjectionTemplates `json:"-"`                   // that pods can ask for; none if the manifest does not say

	// Manifest are the objects to apply, without omitted gateways and without the chart base.
	Manifest []*unstructured.Unstructured `json:"-"`

	Istioctl     Istioctl `json:"-"` // if istioctl installs
	ChartVersion string   `json:"-"` // if Helm installs
}

// maskNotes masks secret values in the notes.
func (d *Draft) maskNotes(redactor sensitive.Redactor) {
	for n, note := range d.Notes {
		d.Notes[n] = redactor.Text(note)
	}
}

// readManifest fills the draft from the manifest. It rejects a manifest that does not install the
// revision in the version. from names what it was rendered from.
func (d *Draft) readManifest(manifest []*unstructured.Unstructured, from string) error {
	d.Objects, d.Manifest = len(manifest), manifest
	istiod := findIstiod(manifest, d.Revision)
	if istiod == nil {
		return fmt.Errorf("the manifest rendered from %s has no Deployment istiod-%s: it installs no control plane. "+
			"Enable pilot in the IstioOperator and check its profile, or name the chart istiod", from, d.Revision)
	}
	d.Namespace, d.Image, d.Templates = istiod.GetNamespace(), containerImage(istiod, "discovery"), templatesIn(manifest, d.Revision)
	tag := mesh.ImageTag(d.Image)
	version, spelled := versionFromTag(tag)
	switch {
	case spelled && !SameVersion(version, d.Version):
		return fmt.Errorf("%s installs istiod from image %s, but the plan names version %s. Change the image tag, or run with --version %s",
			from, d.Image, d.Version, version)
	case !spelled:
		d.Notes = append(d.Notes, fmt.Sprintf("the tag of image %s is no Istio version", d.Image))
	}
	return nil
}

// draftNotes returns what a reviewer of the plan should know about the user's file.
func (o IstioOperator) draftNotes(d Draft) []string {
	var notes []string
	if tag, hub := o.Tag(), nestedString(o.object, "spec", "hub"); tag != "" || hub != "" {
		notes = append(notes, fmt.Sprintf("the file sets hub or tag; the istiod image is %s", d.Image))
	}
	if version, ok := VersionFromRevision(d.Revision); ok && !SameVersion(version, d.Version) {
		notes = append(notes, fmt.Sprintf("the revision is named after version %s, but is version %s", version, d.Version))
	}
	if path := nestedString(o.object, "spec", "installPackagePath"); path != "" {
		notes = append(notes, fmt.Sprintf("the charts are read from %s (spec.installPackagePath), not from istioctl", path))
	}
	return notes
}

func findIstiod(manifest []*unstructured.Unstructured, revision string) *unstructured.Unstructured {
	for _, o := range manifest {
		if o.GetKind() == "Deployment" && o.GetName() == "istiod-"+revision {
			return o
		}
	}
	return nil
}

// templatesIn returns the injection templates of a revision in a manifest.
func templatesIn(manifest []*unstructured.Unstructured, revision string) mesh.InjectionTemplates {
	for _, o := range manifest {
		if o.GetKind() != "ConfigMap" || o.GetName() != "istio-sidecar-injector-"+revision {
			continue
		}
		var config mesh.InjectorConfig
		if yaml.Unmarshal([]byte(nestedString(o.Object, "data", "config")), &config) == nil {
			return config.Offered()
		}
	}
	return mesh.InjectionTemplates{}
}

func containerImage(workload *unstructured.Unstructured, container string) string {
	containers, _, _ := unstructured.NestedSlice(workload.Object, "spec", "template", "spec", "containers")
	for _, c := range containers {
		if m, _ := c.(map[string]any); nestedString(m, "name") == container {
			return nestedString(m, "image")
		}
	}
	return ""
}
