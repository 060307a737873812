// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"fmt"
	"path"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"

	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/sensitive"
)

// bundleEnv makes proxies take the root from a ClusterTrustBundle
// (pilot/pkg/features/security.go @1.31.0).
const bundleEnv = "ENABLE_CLUSTER_TRUST_BUNDLE_API"

// istiodContainer is the container of istiod.
const istiodContainer = "discovery"

// planes are the setups by revision.
type planes map[string]*mesh.ControlPlane

func (p planes) at(revision string) *mesh.ControlPlane {
	if p[revision] == nil {
		p[revision] = &mesh.ControlPlane{Revision: revision}
	}
	return p[revision]
}

func (p planes) add(revision string, settings ...mesh.Setting) {
	s := p.at(revision)
	s.Settings = append(s.Settings, settings...)
}

// addIstiod adds the settings of an istiod. It returns the ConfigMap that it shares
// with other revisions, "" for none.
func (p planes) addIstiod(d *appsv1.Deployment) (shared string) {
	revision, normal := istio.RevisionOf(d.Labels), normalizerOf(d)
	s := p.at(revision)
	s.UsesTrustBundle = s.UsesTrustBundle || Bundled(&d.Spec.Template.Spec)
	replicas := int32(1)
	if d.Spec.Replicas != nil {
		replicas = *d.Spec.Replicas
	}
	p.add(revision, mesh.Setting{Group: mesh.Resources, Key: "replicas", Value: fmt.Sprint(replicas)})
	for _, c := range d.Spec.Template.Spec.Containers {
		if c.Name != istiodContainer {
			continue
		}
		p.add(revision, mesh.Setting{Group: mesh.Images, Key: "istiod", Value: repository(c.Image)})
		for _, e := range c.Env {
			p.add(revision, setting(mesh.Environment, e.Name, normal(envValue(e)), sensitive.Key(e.Name)))
			if e.Name == sharedEnv {
				shared = e.Value
			}
		}
		p.add(revision, setting(mesh.Environment, "arguments", normal(strings.Join(c.Args, " ")), false))
		p.add(revision, flatten(mesh.Resources, c.Resources, normal)...)
	}
	return shared
}

// repository returns an image without its tag and digest, mesh.OwnRegistry for one of
// Istio's own.
func repository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	image = strings.TrimSuffix(image, ":"+mesh.ImageTag(image))
	if hub, name := path.Split(image); name == "pilot" && mesh.IsIstioRegistry(strings.TrimSuffix(hub, "/")) {
		return mesh.OwnRegistry
	}
	return image
}

// Bundled reports whether an istiod makes its proxies take the root from a
// ClusterTrustBundle. It writes no ConfigMap then.
func Bundled(istiod *corev1.PodSpec) bool {
	return slices.ContainsFunc(istiod.Containers, func(c corev1.Container) bool {
		return c.Name == istiodContainer && slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool {
			return e.Name == bundleEnv && e.Value == "true"
		})
	})
}

// envValue returns the value of a variable, or its source. It does not depend on
// defaults that the API server adds to a source.
func envValue(e corev1.EnvVar) string {
	switch from := e.ValueFrom; {
	case from == nil:
		return e.Value
	case from.FieldRef != nil:
		return "field " + from.FieldRef.FieldPath
	case from.ResourceFieldRef != nil:
		return strings.TrimSpace("resource " + from.ResourceFieldRef.Resource + " " + from.ResourceFieldRef.ContainerName)
	case from.ConfigMapKeyRef != nil:
		return "ConfigMap " + from.ConfigMapKeyRef.Name + ", key " + from.ConfigMapKeyRef.Key
	case from.SecretKeyRef != nil:
		return "Secret " + from.SecretKeyRef.Name + ", key " + from.SecretKeyRef.Key
	default:
		return strings.TrimSpace(from.String())
	}
}

// addConfigMap adds the settings in a ConfigMap of a control plane, other than its
// mesh configuration.
func (p planes) addConfigMap(m *corev1.ConfigMap) {
	revision := istio.RevisionOf(m.Labels)
	normal := normalizer(revision, "")
	if m.Labels[classLabel] != "" {
		s := p.at(revision)
		s.ClassDefaults = append(s.ClassDefaults, classDefaultsOf(m))
		return
	}
	switch m.Name {
	case istio.Revisioned("values", revision):
		p.add(revision, userValues(m.Data["original-values"], normal)...)
	case istio.Revisioned("istio-sidecar-injector", revision):
		p.add(revision, flattenText(mesh.Injection, m.Data["values"], normal)...)
		p.add(revision, templatesIn(m.Data["config"], normal)...)
		s := p.at(revision)
		s.Hosts = append(s.Hosts, authorityHosts(m.Data["values"], revision, m.Namespace)...)
		var config mesh.InjectorConfig
		if yaml.Unmarshal([]byte(m.Data["config"]), &config) == nil {
			s.Templates = config.Offered()
		}
	}
}

func (p planes) addAutoscaler(a *autoscalingv2.HorizontalPodAutoscaler) {
	if a.Labels["app"] == istio.App {
		revision := istio.RevisionOf(a.Labels)
		p.add(revision, flatten(mesh.Resources, map[string]any{"autoscaler": a.Spec}, normalizer(revision, ""))...)
	}
}

func (p planes) addNetworkPolicy(n *networkingv1.NetworkPolicy) {
	revision := istio.RevisionOf(n.Labels)
	normal := normalizer(revision, "")
	p.add(revision, flatten(mesh.Policies, map[string]any{normal(n.Name): n.Spec}, normal)...)
}
