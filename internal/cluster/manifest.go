// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bufio"
	"errors"
	"io"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
)

// rendered is one object of a release's manifest.
type rendered struct {
	unstructured.Unstructured
	chart string // whose template it is, "mesh/charts/istiod"; "" where the manifest does not say
}

// planeIn is a control plane in a release.
type planeIn struct {
	revision string
	objects  []rendered // its own
	beside   string     // something in the release that is not of it, "" for nothing
}

// planesIn finds the control planes in a manifest, and whether it holds anything
// else: a gateway, the base, another control plane.
func planesIn(objects []rendered) []planeIn {
	var list []planeIn
	for _, istiod := range objects {
		if istiod.GetKind() != "Deployment" || istiod.GetLabels()["app"] != istiodApp {
			continue
		}
		p := planeIn{revision: revisionOf(istiod.GetLabels())}
		strange := slices.IndexFunc(objects, func(o rendered) bool { return o.beside(istiod) })
		if strange >= 0 {
			p.beside = objects[strange].GetKind() + " " + objects[strange].GetName()
		}
		for _, o := range objects {
			if strange < 0 || o.chart != "" && !o.beside(istiod) || o.GetLabels()[componentLabel] == pilot && revisionOf(o.GetLabels()) == p.revision {
				p.objects = append(p.objects, o)
			}
		}
		list = append(list, p)
	}
	return list
}

// apart are kinds of which a control plane has none, but for its istiod.
var apart = []string{"Deployment", "DaemonSet", "StatefulSet", "CustomResourceDefinition", "Namespace"}

// beside reports whether an object is not of the control plane of that istiod: of
// another chart, or of a kind that stands for itself.
func (o rendered) beside(istiod rendered) bool {
	if o.GetKind() == istiod.GetKind() && o.GetName() == istiod.GetName() {
		return false
	}
	return o.chart != istiod.chart || slices.Contains(apart, o.GetKind())
}

// documents reads a manifest as Helm writes it: each object below a line that
// says of which template it is, unless somebody else rewrote it.
func documents(manifest string) ([]rendered, error) {
	var list []rendered
	for r := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(manifest))); ; {
		text, err := r.Read()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		var o rendered
		if err := utilyaml.Unmarshal(text, &o.Object); err != nil {
			return nil, err
		}
		if o.Object != nil {
			o.chart = chartOf(string(text))
			list = append(list, o)
		}
	}
}

// chartOf reads "# Source: mesh/charts/istiod/templates/deployment.yaml"
// (renderResources in pkg/action/action.go of Helm 3 and 4).
func chartOf(document string) string {
	for line := range strings.Lines(document) {
		if source, ok := strings.CutPrefix(line, "# Source: "); ok {
			chart, _, _ := strings.Cut(strings.TrimSpace(source), "/templates/")
			return chart
		}
	}
	return ""
}
