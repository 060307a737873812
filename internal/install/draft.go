// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Draft is what an install would do, found before anything is touched.
type Draft struct {
	Revision        string           `json:"revision"`
	Version         string           `json:"version"`             // "" when only the cluster will know it
	By              string           `json:"by"`                  // whose hands do it, in words
	Namespace       string           `json:"namespace,omitempty"` // where its istiod runs
	Image           string           `json:"image,omitempty"`     // of its istiod
	Objects         int              `json:"objects,omitempty"`   // that are applied
	OmittedGateways []Object         `json:"leftOut,omitempty"`   // gateways that the file asks for: istioctl would replace them in place, at once
	InPlace         []Object         `json:"inPlace,omitempty"`   // what is no revision's own and is applied over what is there
	Notes           []string         `json:"notes,omitempty"`     // what somebody who approves should know
	Permissions     []Permission     `json:"-"`                   // what the user must be permitted
	Inherited       *InheritedValues `json:"-"`                   // the old revision's values that the chart is given; nil when there are none
	File            string           `json:"file,omitempty"`      // what istioctl is given (the IstioOperator), or Helm (the values): YAML

	Istioctl     Istioctl `json:"-"` // where it is the one that installs
	ChartVersion string   `json:"-"` // where Helm installs
}

// readManifest takes from the manifest what the draft says of it, and refuses
// one that does not install the revision in the version. from is what it was
// rendered from.
func (d *Draft) readManifest(manifest []*unstructured.Unstructured, from string) error {
	d.Objects, d.Permissions = len(manifest), manifestPermissions(manifest)
	istiod := findIstiod(manifest, d.Revision)
	if istiod == nil {
		return fmt.Errorf("what is rendered from %s has no Deployment istiod-%s: it installs no control plane of its own (an IstioOperator whose pilot is disabled or whose profile is empty, or another chart than istiod?)", from, d.Revision)
	}
	d.Namespace, d.Image = istiod.GetNamespace(), containerImage(istiod, "discovery")
	tag := imageTag(d.Image)
	version, spelled := versionFromTag(tag)
	switch {
	case spelled && !SameVersion(version, d.Version):
		return fmt.Errorf("%s installs istiod from %s, but the plan names version %s: change its tag, or ask for version %s", from, d.Image, d.Version, version)
	case !spelled:
		d.Notes = append(d.Notes, fmt.Sprintf("the image %s does not say which version it is", d.Image))
	}
	return nil
}

// draftNotes are the facts in the user's file that somebody who approves should know.
func (o IstioOperator) draftNotes(d Draft) []string {
	var notes []string
	if tag, hub := o.Tag(), nestedString(o.object, "spec", "hub"); tag != "" || hub != "" {
		notes = append(notes, fmt.Sprintf("the file sets its own hub or tag; istiod comes from %s", d.Image))
	}
	if version, ok := VersionFromRevision(d.Revision); ok && !SameVersion(version, d.Version) {
		notes = append(notes, fmt.Sprintf("the revision's name spells %s, but it is version %s", version, d.Version))
	}
	if path := nestedString(o.object, "spec", "installPackagePath"); path != "" {
		notes = append(notes, fmt.Sprintf("the charts come from %s (spec.installPackagePath), not from istioctl", path))
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

func containerImage(workload *unstructured.Unstructured, container string) string {
	containers, _, _ := unstructured.NestedSlice(workload.Object, "spec", "template", "spec", "containers")
	for _, c := range containers {
		if m, _ := c.(map[string]any); nestedString(m, "name") == container {
			return nestedString(m, "image")
		}
	}
	return ""
}
