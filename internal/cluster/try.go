// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
)

// gateways are Istio's own, not those of the Gateway API.
var gateways = schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1beta1", Resource: "gateways"}

const tried = "rerig-try-"

// dry creates nothing: every admission plugin and webhook is asked, and no more.
var dry = metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldManager: v1alpha1.FieldManager}

// DryRun has the API server judge a pod, or configuration, and store nothing.
func (c *Cluster) DryRun(ctx context.Context, a mesh.DryRunAttempt) (mesh.DryRunAttempt, error) {
	if !a.Pod {
		return c.tryConfiguration(ctx, a)
	}
	p, err := c.example(ctx, &a)
	if err != nil {
		return a, err
	}
	made, err := c.core.Pods(a.Namespace).Create(ctx, p, dry)
	a.OverQuota = byQuota(err)
	if a.Refusal, err = answerOf(err); err != nil {
		return a, fmt.Errorf("try to create a pod in %s: %w", a.Namespace, err)
	}
	if a.Admitted = a.Refusal == ""; a.Admitted {
		a.Sidecar = sidecarOf(made)
	}
	return a, nil
}

// answerOf tells an answer of the API server from not reaching it.
func answerOf(err error) (string, error) {
	if err == nil {
		return "", nil
	}
	if _, is := err.(apierrors.APIStatus); is && !apierrors.IsServerTimeout(err) && !apierrors.IsTooManyRequests(err) {
		return err.Error(), nil
	}
	return "", err
}

// byQuota tells what a quota refuses, which comes last, after the webhooks of both
// kinds (AllOrderedPlugins in pkg/kubeapiserver/options/plugins.go of Kubernetes
// 1.34).
func byQuota(err error) bool {
	return apierrors.IsForbidden(err) && strings.Contains(err.Error(), "is forbidden: exceeded quota:")
}

// example is a pod of the workload's template, or a bare one; then the attempt
// says so.
func (c *Cluster) example(ctx context.Context, a *mesh.DryRunAttempt) (*corev1.Pod, error) {
	p := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "rerig.dev/try"}}}}
	if kind, name, ok := strings.Cut(a.Workload, " "); ok {
		_, name, _ = strings.Cut(name, "/")
		t, err := c.template(ctx, mesh.Kind(kind), a.Namespace, name)
		switch {
		case err == nil:
			p.Labels, p.Annotations, p.Spec = t.Labels, t.Annotations, t.Spec
			provided(&p.Spec)
		case !apierrors.IsNotFound(err) && !errors.Is(err, engine.ErrRefused): // gone, or of a kind whose template is not known
			return nil, reading(a.Workload, err)
		default:
			a.Workload = ""
		}
	}
	p.GenerateName = tried
	if len(a.Labels) > 0 {
		labels := maps.Clone(p.Labels)
		if labels == nil {
			labels = map[string]string{}
		}
		maps.Copy(labels, a.Labels)
		p.Labels = labels
	}
	return p, nil
}

// provided gives a pod the volumes that its controller would: those of a
// StatefulSet's claims are not in its template, which alone is not valid.
func provided(s *corev1.PodSpec) {
	known := map[string]bool{}
	for _, v := range s.Volumes {
		known[v.Name] = true
	}
	for _, containers := range [][]corev1.Container{s.InitContainers, s.Containers} {
		for i := range containers {
			containers[i].VolumeDevices = nil // a block device is one of a claim
			for _, m := range containers[i].VolumeMounts {
				if !known[m.Name] {
					s.Volumes = append(s.Volumes, corev1.Volume{Name: m.Name, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}})
				}
				known[m.Name] = true
			}
		}
	}
}

// tryConfiguration tries an Istio Gateway: one without servers is not valid, and
// only a validator says so (ValidateGateway in pkg/config/validation @1.31.0).
func (c *Cluster) tryConfiguration(ctx context.Context, a mesh.DryRunAttempt) (mesh.DryRunAttempt, error) {
	labels := map[string]any{}
	for key, value := range a.Labels {
		labels[key] = value
	}
	servers := []any{map[string]any{"port": map[string]any{"number": int64(80), "name": "http", "protocol": "HTTP"}, "hosts": []any{"try.rerig.dev"}}}
	if a.InvalidConfig {
		servers = []any{}
	}
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "networking.istio.io/v1beta1", "kind": "Gateway",
		"metadata": map[string]any{"generateName": tried, "namespace": c.Root, "labels": labels},
		"spec":     map[string]any{"selector": map[string]any{"rerig.dev/try": "nobody"}, "servers": servers}}}
	_, err := c.objects.Resource(gateways).Namespace(c.Root).Create(ctx, o, dry)
	if a.Refusal, err = answerOf(err); err != nil {
		return a, fmt.Errorf("try to create an Istio Gateway: %w", err)
	}
	a.Admitted = a.Refusal == ""
	return a, nil
}
