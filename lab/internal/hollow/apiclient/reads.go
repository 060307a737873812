// SPDX-License-Identifier: Apache-2.0

package apiclient

import (
	"context"
	"fmt"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
)

// ConfigMap implements podview.Sources.
func (c *Client) ConfigMap(_ context.Context, namespace, name string) (*corev1.ConfigMap, error) {
	return cached[corev1.ConfigMap](c.configMaps, namespace+"/"+name), nil
}

// Secret implements podview.Sources.
func (c *Client) Secret(ctx context.Context, namespace, name string) (*corev1.Secret, error) {
	s, err := c.core.Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return s, err
}

// Token implements podview.Sources.
func (c *Client) Token(ctx context.Context, pod *corev1.Pod, audience string, seconds int64) (string, error) {
	t := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		ExpirationSeconds: &seconds,
		BoundObjectRef:    &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID},
	}}
	if audience != "" {
		t.Spec.Audiences = []string{audience}
	}
	t, err := c.core.ServiceAccounts(pod.Namespace).CreateToken(ctx, pod.Spec.ServiceAccountName, t, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("get a token of service account %s/%s: %w", pod.Namespace, pod.Spec.ServiceAccountName, err)
	}
	return t.Status.Token, nil
}

// Namespace returns a namespace, or nil.
func (c *Client) Namespace(name string) *corev1.Namespace {
	return cached[corev1.Namespace](c.namespaces, name)
}

// Service implements endpoints.Lister.
func (c *Client) Service(namespace, name string) *corev1.Service {
	return cached[corev1.Service](c.services, namespace+"/"+name)
}

// Slices implements endpoints.Lister.
func (c *Client) Slices(namespace, service string) []*discoveryv1.EndpointSlice {
	found, err := c.slices.GetIndexer().ByIndex(byService, namespace+"/"+service)
	if err != nil {
		return nil
	}
	out := make([]*discoveryv1.EndpointSlice, 0, len(found))
	for _, f := range found {
		out = append(out, f.(*discoveryv1.EndpointSlice))
	}
	return out
}

func cached[T any](i cache.SharedIndexInformer, key string) *T {
	o, ok, err := i.GetStore().GetByKey(key)
	if err != nil || !ok {
		return nil
	}
	t, _ := o.(*T)
	return t
}
