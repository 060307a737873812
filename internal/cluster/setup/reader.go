// SPDX-License-Identifier: Apache-2.0

// Package setup reads the settings of control planes, so that two of them can be
// compared, and the configuration whose effect depends on the control plane.
package setup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/sensitive"
)

// bundleEnv makes proxies take the root from a ClusterTrustBundle
// (pilot/pkg/features/security.go @1.31.0).
const bundleEnv = "ENABLE_CLUSTER_TRUST_BUNDLE_API"

// istiodContainer is the container of istiod.
const istiodContainer = "discovery"

// Reader reads the settings of the control planes of one mesh.
type Reader struct {
	api  *client.Clients
	root string
}

// NewReader returns a reader where istiod is in root.
func NewReader(api *client.Clients, root string) *Reader { return &Reader{api: api, root: root} }

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

// Setups reads the settings of every control plane, Istio's configuration, and
// which of the namespaces have the mesh's root certificate. It takes a few lists in
// the root namespace, one more for each control plane, one of each kind of
// configuration, and one read for each namespace.
func (r *Reader) Setups(ctx context.Context, namespaces []string) (mesh.ControlPlaneSettings, error) {
	found := planes{}
	s := mesh.ControlPlaneSettings{HasRootCertificate: map[string]bool{}}
	shared, err := r.readIstiods(ctx, found)
	if err != nil {
		return s, err
	}
	if err := r.readConfigMaps(ctx, found); err != nil {
		return s, err
	}
	for revision, p := range found {
		if err := r.readMeshConfig(ctx, p, shared[revision]); err != nil {
			return s, err
		}
	}
	for _, optional := range []struct {
		what string
		read func() error
	}{
		{"autoscalers", func() error { return r.readAutoscalers(ctx, found) }},
		{"network policies", func() error { return r.readNetworkPolicies(ctx, found) }},
		{"definitions", func() (err error) { s.CRDVersions, err = r.readDefinitions(ctx); return err }},
		{"Istio's configuration", func() (err error) { s.Configs, err = r.readConfigs(ctx); return err }},
	} {
		switch err := optional.read(); {
		case errors.Is(err, engine.ErrRefused): // not permitted: the comparison reports it
			s.Unknown = append(s.Unknown, optional.what)
		case err != nil:
			return s, err
		}
	}
	slices.Sort(s.Unknown)
	for _, p := range found {
		slices.Sort(p.Hosts)
		p.Hosts = slices.Compact(p.Hosts)
		s.ControlPlanes = append(s.ControlPlanes, *p)
	}
	for _, ns := range namespaces {
		_, err := r.api.CoreV1().ConfigMaps(ns).Get(ctx, istio.RootConfigMap, metav1.GetOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return s, client.ReadError("ConfigMap "+ns+"/"+istio.RootConfigMap, err)
		}
		s.HasRootCertificate[ns] = err == nil
	}
	slices.SortFunc(s.ControlPlanes, func(a, b mesh.ControlPlane) int { return cmp.Compare(a.Revision, b.Revision) })
	return s, nil
}

// ofRevision selects the objects that a control plane labels as its own.
var ofRevision = client.Selected(mesh.RevisionLabel)

// readIstiods reads istiod's Deployments. It returns the ConfigMap that a
// revision's istiods share with others, by revision.
func (r *Reader) readIstiods(ctx context.Context, found planes) (map[string]string, error) {
	var list []appsv1.Deployment
	err := client.List(ctx, client.Selected("app="+istio.App), r.api.AppsV1().Deployments(r.root).List, func() { list = nil },
		func(page *appsv1.DeploymentList) { list = append(list, page.Items...) })
	shared := map[string]string{}
	for i := range list {
		d := &list[i]
		revision, normal := istio.RevisionOf(d.Labels), normalizerOf(d)
		s := found.at(revision)
		s.UsesTrustBundle = s.UsesTrustBundle || Bundled(&d.Spec.Template.Spec)
		replicas := int32(1)
		if d.Spec.Replicas != nil {
			replicas = *d.Spec.Replicas
		}
		found.add(revision, mesh.Setting{Group: mesh.Resources, Key: "replicas", Value: fmt.Sprint(replicas)})
		for _, c := range d.Spec.Template.Spec.Containers {
			if c.Name != istiodContainer {
				continue
			}
			for _, e := range c.Env {
				found.add(revision, setting(mesh.Environment, e.Name, normal(envValue(e)), sensitive.Key(e.Name)))
				if e.Name == sharedEnv {
					shared[revision] = e.Value
				}
			}
			found.add(revision, setting(mesh.Environment, "arguments", normal(strings.Join(c.Args, " ")), false))
			found.add(revision, flatten(mesh.Resources, c.Resources, normal)...)
		}
	}
	return shared, client.ReadError("istiod's Deployments", err)
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

// envValue returns the value of a variable, or its source.
func envValue(e corev1.EnvVar) string {
	if e.ValueFrom == nil {
		return e.Value
	}
	return strings.TrimSpace(e.ValueFrom.String())
}

func (r *Reader) readConfigMaps(ctx context.Context, found planes) error {
	var list []corev1.ConfigMap
	err := client.List(ctx, ofRevision, r.api.CoreV1().ConfigMaps(r.root).List, func() { list = nil },
		func(page *corev1.ConfigMapList) { list = append(list, page.Items...) })
	for i := range list {
		m := &list[i]
		revision := istio.RevisionOf(m.Labels)
		normal := normalizer(revision, "")
		switch m.Name {
		case istio.Revisioned("values", revision):
			found.add(revision, flattenText(mesh.UserValues, m.Data["original-values"], normal)...)
		case istio.Revisioned("istio-sidecar-injector", revision):
			p := found.at(revision)
			p.Hosts = append(p.Hosts, authorityHosts(m.Data["values"], revision, r.root)...)
			found.add(revision, flattenText(mesh.Injection, m.Data["values"], normal)...)
			found.add(revision, templatesIn(m.Data["config"], normal)...)
			var config mesh.InjectorConfig
			if yaml.Unmarshal([]byte(m.Data["config"]), &config) == nil {
				p.Templates = config.Offered()
			}
		}
	}
	return client.ReadError("ConfigMaps in "+r.root, err)
}

func (r *Reader) readAutoscalers(ctx context.Context, found planes) error {
	var list []autoscalingv2.HorizontalPodAutoscaler
	err := client.List(ctx, ofRevision, r.api.AutoscalingV2().HorizontalPodAutoscalers(r.root).List, func() { list = nil },
		func(page *autoscalingv2.HorizontalPodAutoscalerList) { list = append(list, page.Items...) })
	for _, a := range list {
		if a.Labels["app"] == istio.App {
			revision := istio.RevisionOf(a.Labels)
			found.add(revision, flatten(mesh.Resources, map[string]any{"autoscaler": a.Spec}, normalizer(revision, ""))...)
		}
	}
	return client.ReadError("HorizontalPodAutoscalers", err)
}

func (r *Reader) readNetworkPolicies(ctx context.Context, found planes) error {
	var list []networkingv1.NetworkPolicy
	err := client.List(ctx, ofRevision, r.api.NetworkingV1().NetworkPolicies(r.root).List, func() { list = nil },
		func(page *networkingv1.NetworkPolicyList) { list = append(list, page.Items...) })
	for _, p := range list {
		revision := istio.RevisionOf(p.Labels)
		normal := normalizer(revision, "")
		found.add(revision, flatten(mesh.Policies, map[string]any{normal(p.Name): p.Spec}, normal)...)
	}
	return client.ReadError("NetworkPolicies in "+r.root, err)
}
