// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/setup"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// templateOf converts a pod template.
func templateOf(t *corev1.PodTemplateSpec) mesh.Template {
	proxy, ok := proxyIn(&t.Spec)
	return mesh.Template{
		Hash:        hashOf(t),
		Labels:      t.Labels,
		Annotations: t.Annotations,
		HostNetwork: t.Spec.HostNetwork,
		Containers:  containersOf(&t.Spec),
		Proxy:       ok && proxy.Image != autoImage && proxy.Image != "",

		ProxyContainer: proxyContainerOf(proxy),
		ProxySettings:  proxySettingsOf(t.Annotations, proxy.Env),
	}
}

// proxyContainerOf returns what a template sets in the proxy's container. The API server
// sets the pull policy Always where a template sets none, since the image auto has no tag.
func proxyContainerOf(proxy corev1.Container) mesh.ProxyContainer {
	if proxy.Image != autoImage {
		return mesh.ProxyContainer{}
	}
	return mesh.ProxyContainer{
		PullPolicy: string(cmp.Or(proxy.ImagePullPolicy, corev1.PullAlways)),
		PreStop:    proxy.Lifecycle != nil && proxy.Lifecycle.PreStop != nil,
	}
}

// proxySettingsOf returns the settings of a template's proxy. The container's environment
// takes precedence over proxyMetadata (reapplyOverwrittenContainers in
// pkg/kube/inject/webhook.go @1.31.0).
func proxySettingsOf(annotations map[string]string, env []corev1.EnvVar) mesh.ProxySettings {
	own := map[string]string{}
	for _, e := range env {
		own[e.Name] = e.Value
	}
	return setup.ProxyEnvironment(own).Over(setup.ProxySettings(annotations[step.ConfigAnnotation]))
}

// hashOf returns the digest of a template as it is stored, restart annotations
// included. The JSON of a typed template is canonical: fields in their order, keys
// sorted. A MeshUpgrade consists of such digests to a large part, so they are as
// short as the templates of one workload allow.
func hashOf(t *corev1.PodTemplateSpec) string {
	text, err := json.Marshal(t)
	if err != nil {
		panic("write a pod template as JSON: " + err.Error()) // it was read from JSON
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// containersOf returns the application's own containers.
func containersOf(s *corev1.PodSpec) []mesh.Container {
	var list []mesh.Container
	for _, c := range s.Containers {
		if c.Name != proxyContainer {
			list = append(list, mesh.Container{Name: c.Name, PreStop: c.Lifecycle != nil && c.Lifecycle.PreStop != nil})
		}
	}
	return list
}

// restartAnnotations returns the restart annotations of a run on a template.
func restartAnnotations(annotations map[string]string) mesh.RestartAnnotation {
	at, err := time.Parse(time.RFC3339, annotations[v1alpha1.AnnotationRestartedAt])
	if err != nil {
		at = time.Time{}
	}
	return mesh.RestartAnnotation{Run: annotations[v1alpha1.AnnotationRun], At: at}
}

// template reads the current pod template of a workload. It lists ReplicaSets and
// Rollouts by name, since who observes the mesh may list them.
func (s shared) template(ctx context.Context, kind mesh.Kind, namespace, name string) (*corev1.PodTemplateSpec, error) {
	switch kind {
	case mesh.Deployment:
		d, err := s.api.AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
		return &d.Spec.Template, err
	case mesh.StatefulSet:
		set, err := s.api.AppsV1().StatefulSets(namespace).Get(ctx, name, metav1.GetOptions{})
		return &set.Spec.Template, err
	case mesh.DaemonSet:
		d, err := s.api.AppsV1().DaemonSets(namespace).Get(ctx, name, metav1.GetOptions{})
		return &d.Spec.Template, err
	case mesh.ReplicaSet:
		list, err := s.api.AppsV1().ReplicaSets(namespace).List(ctx, client.Named(name))
		if err == nil && len(list.Items) == 0 {
			err = apierrors.NewNotFound(appsv1.Resource("replicasets"), name)
		}
		if err != nil {
			return nil, err
		}
		return &list.Items[0].Spec.Template, nil
	case mesh.ArgoRollout:
		return s.rolloutTemplate(ctx, namespace, name)
	}
	return nil, fmt.Errorf("%w: the template of a %s is not known", engine.ErrRefused, kind)
}

// rolloutTemplate reads a Rollout's own template, or that of the Deployment that it
// uses.
func (s shared) rolloutTemplate(ctx context.Context, namespace, name string) (*corev1.PodTemplateSpec, error) {
	page, err := client.JSONPages[argoRollout](s.api, "/apis", argoAPI, "namespaces", namespace, "rollouts")(ctx, client.Named(name))
	if err != nil {
		return nil, err
	}
	return templateOfRollout(page.Items, name, func(deployment string) (*corev1.PodTemplateSpec, error) {
		return s.template(ctx, mesh.Deployment, namespace, deployment)
	})
}

func templateOfRollout(
	found []argoRollout, name string, ofDeployment func(name string) (*corev1.PodTemplateSpec, error),
) (*corev1.PodTemplateSpec, error) {
	if len(found) == 0 {
		return nil, apierrors.NewNotFound(appsv1.Resource("rollouts"), name)
	}
	switch ref := found[0].Spec.WorkloadRef; {
	case ref == nil:
		return &found[0].Spec.Template, nil
	case ref.Kind == string(mesh.Deployment):
		return ofDeployment(ref.Name)
	default:
		return nil, fmt.Errorf("%w: it uses the template of a %s", engine.ErrRefused, ref.Kind)
	}
}
