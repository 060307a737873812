// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bufio"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
)

// releaseType is the type of the Secrets in which Helm keeps releases
// (pkg/storage/driver/secrets.go, Helm 3 and 4).
const releaseType = "helm.sh/release.v1"

// helmComponents lists the objects of the control planes in Helm's releases,
// and the Secrets of these releases. A release of the base or of a gateway has no
// istiod.
func (r *Reader) helmComponents(ctx context.Context) ([]mesh.Component, error) {
	var secrets []corev1.Secret
	options := metav1.ListOptions{LabelSelector: "owner=helm", FieldSelector: "type=" + releaseType}
	err := client.List(ctx, options, r.api.CoreV1().Secrets(r.root).List, func() { secrets = nil },
		func(page *corev1.SecretList) { secrets = append(secrets, page.Items...) })
	if err != nil {
		return nil, client.ReadError("Helm's releases in "+r.root, err)
	}
	var list []mesh.Component
	for _, s := range secrets {
		if s.Labels["status"] != "deployed" {
			continue
		}
		objects, err := manifestOf(s.Data["release"])
		if err != nil {
			return nil, fmt.Errorf("read Helm's release %s in %s: %w", s.Labels["name"], r.root, err)
		}
		for _, p := range planesIn(objects) {
			own, err := r.existing(ctx, p)
			if err != nil {
				return nil, err
			}
			list = append(list, withRelease(r.root+"/"+s.Labels["name"], p, own, secrets)...)
		}
	}
	return list, nil
}

// withRelease returns the objects of a control plane with the Secrets of its
// release. If a tool manages one of them it manages all, and Helm's Secrets too. A
// release that holds more than the control plane is Helm's alone: Rerig cannot say
// what else Helm would restore or lose.
func withRelease(release string, p helmPlane, own []mesh.Component, secrets []corev1.Secret) []mesh.Component {
	manager := ""
	for _, b := range own {
		manager = cmp.Or(manager, b.ManagedBy)
	}
	if p.other != "" {
		manager = "Helm release " + release + ", which holds other objects too (" + p.other + ")"
	}
	for _, s := range secrets {
		if p.other == "" && s.Namespace+"/"+s.Labels["name"] == release {
			own = append(own, mesh.Component{
				Kind: "Secret", Namespace: s.Namespace, Name: s.Name, UID: string(s.UID), Revision: p.revision, IstioComponent: helmRelease,
			})
		}
	}
	for i := range own {
		own[i].ManagedBy = cmp.Or(manager, own[i].ManagedBy)
	}
	return own
}

// existing returns those objects of a control plane's manifest that exist.
func (r *Reader) existing(ctx context.Context, p helmPlane) ([]mesh.Component, error) {
	var list []mesh.Component
	for _, o := range p.objects {
		k, known := istio.Component(o.GetKind())
		if !known {
			continue
		}
		namespace := o.GetNamespace()
		if !k.ClusterWide && namespace == "" {
			namespace = r.root
		}
		found, err := r.api.Metadata.Resource(k.Resource).Namespace(namespace).Get(ctx, o.GetName(), metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			continue
		case err != nil:
			return nil, client.ReadError(o.GetKind()+" "+o.GetName(), err)
		}
		if b, ok := componentOf(o.GetKind(), found); ok {
			b.Revision = p.revision
			_, tagged := found.Labels[istio.TagLabel]
			b.IstioComponent, b.Shared = istio.Pilot, tagged
			list = append(list, b)
		}
	}
	return list, nil
}

// manifestOf returns the objects that a release rendered: base64, gzip, JSON, with
// YAML in it.
func manifestOf(release []byte) ([]renderedObject, error) {
	packed, err := base64.StdEncoding.DecodeString(string(release))
	if err != nil {
		return nil, err
	}
	var r struct {
		Manifest string `json:"manifest"`
	}
	if err := client.Unpack(packed, &r); err != nil {
		return nil, err
	}
	return parseManifest(r.Manifest)
}

// renderedObject is one object of a release's manifest.
type renderedObject struct {
	unstructured.Unstructured
	chart string // that rendered it, "mesh/charts/istiod"; "" where the manifest does not say
}

// helmPlane is a control plane in a release.
type helmPlane struct {
	revision string
	objects  []renderedObject
	other    string // an object of the release that is not the control plane's, "" for none
}

// planesIn returns the control planes in a manifest.
func planesIn(objects []renderedObject) []helmPlane {
	var list []helmPlane
	for _, istiod := range objects {
		if istiod.GetKind() != "Deployment" || istiod.GetLabels()["app"] != istio.App {
			continue
		}
		p := helmPlane{revision: istio.RevisionOf(istiod.GetLabels())}
		other := slices.IndexFunc(objects, func(o renderedObject) bool { return !o.isPartOf(istiod) })
		if other >= 0 {
			p.other = objects[other].GetKind() + " " + objects[other].GetName()
		}
		for _, o := range objects {
			own := o.chart != "" && o.isPartOf(istiod)
			labeled := o.GetLabels()[istio.ComponentLabel] == istio.Pilot && istio.RevisionOf(o.GetLabels()) == p.revision
			if other < 0 || own || labeled {
				p.objects = append(p.objects, o)
			}
		}
		list = append(list, p)
	}
	return list
}

// otherKinds are kinds of which a control plane has none besides its istiod.
var otherKinds = []string{"Deployment", "DaemonSet", "StatefulSet", "CustomResourceDefinition", "Namespace"}

// isPartOf reports whether an object is part of the control plane of that istiod:
// of its chart, and of a kind that control planes have.
func (o renderedObject) isPartOf(istiod renderedObject) bool {
	if o.GetKind() == istiod.GetKind() && o.GetName() == istiod.GetName() {
		return true
	}
	return o.chart == istiod.chart && !slices.Contains(otherKinds, o.GetKind())
}

// parseManifest reads a manifest as Helm writes it: above each object a line names
// its template, unless another tool rewrote the manifest.
func parseManifest(manifest string) ([]renderedObject, error) {
	var list []renderedObject
	for r := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(manifest))); ; {
		text, err := r.Read()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		var o renderedObject
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
