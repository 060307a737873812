// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/mesh"
)

// releaseType is the type of the Secrets in which Helm remembers a release
// (pkg/storage/driver/secrets.go, Helm 3 and 4).
const releaseType = "helm.sh/release.v1"

// released lists what the Helm releases of control planes hold, and the Secrets
// of these releases themselves. A release of something else, of the base or of a
// gateway, has no istiod in it.
func (c *Cluster) released(ctx context.Context) ([]mesh.Component, error) {
	var secrets []corev1.Secret
	options := metav1.ListOptions{LabelSelector: "owner=helm", FieldSelector: "type=" + releaseType}
	err := pages(ctx, options, c.core.Secrets(c.Root).List, func(page *corev1.SecretList) { secrets = append(secrets, page.Items...) })
	if err != nil {
		return nil, reading("Helm's releases in "+c.Root, err)
	}
	var list []mesh.Component
	for _, s := range secrets {
		if s.Labels["status"] != "deployed" {
			continue
		}
		objects, err := manifestOf(s.Data["release"])
		if err != nil {
			return nil, fmt.Errorf("read Helm's release %s in %s: %w", s.Labels["name"], c.Root, err)
		}
		for _, p := range planesIn(objects) {
			own, err := c.live(ctx, p)
			if err != nil {
				return nil, err
			}
			list = append(list, handed(c.Root+"/"+s.Labels["name"], p, own, secrets)...)
		}
	}
	return list, nil
}

// handed are the objects of a release's control plane, with the Secrets of the
// release. What somebody else keeps is theirs as a whole, with Helm's memory of
// it; and a release that holds more than the control plane is left to Helm: what
// it would bring back, or lose, is not ours to say.
func handed(release string, p planeIn, own []mesh.Component, secrets []corev1.Secret) []mesh.Component {
	hands := ""
	for _, b := range own {
		hands = cmp.Or(hands, b.ManagedBy)
	}
	if p.beside != "" {
		hands = "Helm release " + release + ", which holds more than it (" + p.beside + ")"
	}
	for _, s := range secrets {
		if p.beside == "" && s.Namespace+"/"+s.Labels["name"] == release {
			own = append(own, mesh.Component{Kind: "Secret", Namespace: s.Namespace, Name: s.Name, UID: string(s.UID), Revision: p.revision, IstioComponent: helmRelease})
		}
	}
	for i := range own {
		own[i].ManagedBy = cmp.Or(hands, own[i].ManagedBy)
	}
	return own
}

// live looks up what of a control plane's manifest is in the cluster.
func (c *Cluster) live(ctx context.Context, p planeIn) ([]mesh.Component, error) {
	var list []mesh.Component
	for _, o := range p.objects {
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
			b.Revision = p.revision
			_, tagged := found.Labels[tagLabel]
			b.IstioComponent, b.Shared = pilot, tagged
			list = append(list, b)
		}
	}
	return list, nil
}

func clusterWide(kind string) bool {
	return slices.Contains([]string{"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
		"ClusterRole", "ClusterRoleBinding"}, kind)
}

// manifestOf reads what a release rendered: base64, gzip, JSON, and YAML in it.
func manifestOf(release []byte) ([]rendered, error) {
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
	return documents(r.Manifest)
}
