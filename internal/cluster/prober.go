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

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
)

// Prober asks the proxies of pods, and the API server by dry runs. It changes
// nothing.
type Prober struct{ shared }

// NewProber returns a prober of a cluster.
func NewProber(c *Cluster) *Prober { return &Prober{c.shared} }

// Certificate asks a pod's proxy for the certificate that it holds, and verifies that
// against the mesh's roots.
func (p *Prober) Certificate(ctx context.Context, namespace, pod string) (mesh.Certificate, error) {
	roots, err := p.rootCertificates(ctx, namespace)
	if err != nil {
		return mesh.Certificate{}, err
	}
	return p.proxies.Certificate(ctx, namespace, pod, roots)
}

// Traffic asks a pod's proxy for the requests that pass through it to the
// application.
func (p *Prober) Traffic(ctx context.Context, namespace, pod string) (mesh.Traffic, error) {
	return p.proxies.Traffic(ctx, namespace, pod)
}

// Connections asks a gateway's proxy for the connections that its clients have open.
func (p *Prober) Connections(ctx context.Context, namespace, pod string) (mesh.Traffic, error) {
	return p.proxies.Connections(ctx, namespace, pod)
}

// Configuration asks a gateway's proxy for its active configuration.
func (p *Prober) Configuration(ctx context.Context, namespace, pod string) (mesh.ProxyConfig, error) {
	return p.proxies.Configuration(ctx, namespace, pod)
}

// dryRunName begins the generated names of objects of dry runs.
const dryRunName = "rerig-try-"

// dryRun are the options of a creation that stores nothing: the API server calls
// every admission plugin and webhook.
var dryRun = metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldManager: v1alpha1.FieldManager}

// DryRun creates a pod or a piece of configuration by dry run.
func (p *Prober) DryRun(ctx context.Context, a mesh.DryRunAttempt) (mesh.DryRunAttempt, error) {
	if !a.Pod {
		return p.dryRunGateway(ctx, a)
	}
	pod, err := p.dryRunPod(ctx, &a)
	if err != nil {
		return a, err
	}
	created, err := p.api.CoreV1().Pods(a.Namespace).Create(ctx, pod, dryRun)
	a.OverQuota = exceedsQuota(err)
	if a.Refusal, err = refusalIn(err); err != nil {
		return a, fmt.Errorf("dry run of a pod in %s: %w", a.Namespace, err)
	}
	if a.Accepted = a.Refusal == ""; a.Accepted {
		a.Sidecar = sidecarOf(created)
	}
	return a, nil
}

// refusalIn separates an answer of the API server from a failure to reach it.
func refusalIn(err error) (string, error) {
	if err == nil {
		return "", nil
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) && !apierrors.IsServerTimeout(err) && !apierrors.IsTooManyRequests(err) {
		return err.Error(), nil
	}
	return "", err
}

// exceedsQuota reports whether a quota refused an object. Quotas are checked last,
// after the webhooks of both kinds (AllOrderedPlugins in
// pkg/kubeapiserver/options/plugins.go of Kubernetes 1.34).
func exceedsQuota(err error) bool {
	return apierrors.IsForbidden(err) && strings.Contains(err.Error(), "is forbidden: exceeded quota:")
}

// dryRunPod returns a pod of the attempt's workload. Where the workload does not
// exist, or its template is not known, it returns a minimal pod and clears the
// attempt's workload.
func (p *Prober) dryRunPod(ctx context.Context, a *mesh.DryRunAttempt) (*corev1.Pod, error) {
	pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "rerig.dev/try"}}}}
	if a.Workload != "" {
		t, err := p.template(ctx, a.Workload.Kind(), a.Namespace, a.Workload.Name())
		switch {
		case err == nil:
			pod.Labels, pod.Annotations, pod.Spec = t.Labels, t.Annotations, t.Spec
			addVolumes(&pod.Spec)
		case !apierrors.IsNotFound(err) && !errors.Is(err, engine.ErrRefused):
			return nil, client.ReadError(string(a.Workload), err)
		default:
			a.Workload = ""
		}
	}
	pod.GenerateName = dryRunName
	if len(a.Labels) > 0 {
		labels := maps.Clone(pod.Labels)
		if labels == nil {
			labels = map[string]string{}
		}
		maps.Copy(labels, a.Labels)
		pod.Labels = labels
	}
	return pod, nil
}

// addVolumes adds the volumes that a pod's controller would add: a StatefulSet's
// template does not have those of its claims, and is not valid without them.
func addVolumes(s *corev1.PodSpec) {
	known := map[string]bool{}
	for _, v := range s.Volumes {
		known[v.Name] = true
	}
	for _, containers := range [][]corev1.Container{s.InitContainers, s.Containers} {
		for i := range containers {
			containers[i].VolumeDevices = nil // a block device is part of a claim
			for _, m := range containers[i].VolumeMounts {
				if !known[m.Name] {
					empty := corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
					s.Volumes = append(s.Volumes, corev1.Volume{Name: m.Name, VolumeSource: empty})
				}
				known[m.Name] = true
			}
		}
	}
}

// dryRunGateway creates an Istio Gateway by dry run. One without servers is not
// valid, which only a validator finds (ValidateGateway in pkg/config/validation
// @1.31.0).
func (p *Prober) dryRunGateway(ctx context.Context, a mesh.DryRunAttempt) (mesh.DryRunAttempt, error) {
	labels := map[string]any{}
	for key, value := range a.Labels {
		labels[key] = value
	}
	server := map[string]any{"port": map[string]any{"number": int64(80), "name": "http", "protocol": "HTTP"}, "hosts": []any{"try.rerig.dev"}}
	servers := []any{server}
	if a.InvalidConfig {
		servers = []any{}
	}
	o := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "networking.istio.io/v1beta1", "kind": "Gateway",
		"metadata": map[string]any{"generateName": dryRunName, "namespace": p.root, "labels": labels},
		"spec":     map[string]any{"selector": map[string]any{"rerig.dev/try": "nobody"}, "servers": servers},
	}}
	_, err := p.api.Dynamic.Resource(istio.Gateways).Namespace(p.root).Create(ctx, o, dryRun)
	if a.Refusal, err = refusalIn(err); err != nil {
		return a, fmt.Errorf("dry run of an Istio Gateway: %w", err)
	}
	a.Accepted = a.Refusal == ""
	return a, nil
}
