// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"

	"github.com/rerig/rerig/internal/mesh"
)

// releaseType is the type of the Secrets in which Helm remembers a release
// (pkg/storage/driver/secrets.go, Helm 3 and 4).
const releaseType = "helm.sh/release.v1"

// released lists what the Helm releases of control planes hold, and the Secrets
// of these releases themselves. A release of something else, of the base or of a
// gateway, has no istiod in it.
func (c *Cluster) released(ctx context.Context) ([]mesh.Belonging, error) {
	var secrets []corev1.Secret
	options := metav1.ListOptions{LabelSelector: "owner=helm", FieldSelector: "type=" + releaseType}
	err := pages(ctx, options, c.core.Secrets(c.Root).List, func(page *corev1.SecretList) { secrets = append(secrets, page.Items...) })
	if err != nil {
		return nil, reading("Helm's releases in "+c.Root, err)
	}
	revisions, manifests := map[string]string{}, map[string][]unstructured.Unstructured{}
	for _, s := range secrets {
		if s.Labels["status"] != "deployed" {
			continue
		}
		objects, err := manifestOf(s.Data["release"])
		if err != nil {
			return nil, fmt.Errorf("read Helm's release %s in %s: %w", s.Labels["name"], c.Root, err)
		}
		for _, o := range objects {
			if o.GetKind() == "Deployment" && o.GetLabels()["app"] == istiodApp {
				revisions[s.Labels["name"]], manifests[s.Labels["name"]] = revisionOf(o.GetLabels()), objects
			}
		}
	}
	var list []mesh.Belonging
	for name, revision := range revisions {
		objects, err := c.live(ctx, revision, manifests[name])
		if err != nil {
			return nil, err
		}
		list = append(list, objects...)
	}
	for _, s := range secrets {
		if revision, ok := revisions[s.Labels["name"]]; ok {
			list = append(list, mesh.Belonging{Kind: "Secret", Namespace: s.Namespace, Name: s.Name, UID: string(s.UID), Revision: revision, Component: helmRelease})
		}
	}
	return list, nil
}

// live looks up what of a manifest is in the cluster, as far as it belongs to the
// revision alone.
func (c *Cluster) live(ctx context.Context, revision string, objects []unstructured.Unstructured) ([]mesh.Belonging, error) {
	var list []mesh.Belonging
	for _, o := range objects {
		if _, known := made[o.GetKind()]; !known {
			continue
		}
		namespace := o.GetNamespace()
		if !clusterWide(o.GetKind()) && namespace == "" {
			namespace = c.Root
		}
		found, err := c.metadata.Resource(resourceOf(o.GetKind())).Namespace(namespace).Get(ctx, o.GetName(), metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			continue
		case err != nil:
			return nil, reading(o.GetKind()+" "+o.GetName(), err)
		}
		if b, ok := belonging(o.GetKind(), found); ok {
			b.Revision = revision
			_, tagged := found.Labels[tagLabel]
			b.Component, b.Shared = pilot, tagged
			list = append(list, b)
		}
	}
	return list, nil
}

func clusterWide(kind string) bool {
	return slices.Contains([]string{"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "ClusterRole", "ClusterRoleBinding"}, kind)
}

// manifestOf reads what a release rendered: base64, gzip, JSON, and YAML in it.
func manifestOf(release []byte) ([]unstructured.Unstructured, error) {
	packed, err := base64.StdEncoding.DecodeString(string(release))
	if err != nil {
		return nil, err
	}
	plain, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	var r struct {
		Manifest string `json:"manifest"`
	}
	if err := json.NewDecoder(&bounded{plain, longestLedger}).Decode(&r); err != nil {
		return nil, err
	}
	var objects []unstructured.Unstructured
	for d := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader([]byte(r.Manifest)), 4096); ; {
		var o unstructured.Unstructured
		switch err := d.Decode(&o.Object); {
		case errors.Is(err, io.EOF):
			return objects, nil
		case err != nil:
			return nil, err
		}
		if o.Object != nil {
			objects = append(objects, o)
		}
	}
}
