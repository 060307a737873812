// SPDX-License-Identifier: Apache-2.0

package cluster

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
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
)

// bundleEnv makes proxies take the root from a ClusterTrustBundle
// (pilot/pkg/features/security.go @1.31.0).
const bundleEnv = "ENABLE_CLUSTER_TRUST_BUNDLE_API"

// Setups reads how the control planes are set up, and what of the namespaces and
// of Istio's configuration depends on it: a handful of lists in the root
// namespace, one more for each control plane, one of each kind of configuration,
// and one read a namespace.
func (c *Cluster) Setups(ctx context.Context, namespaces []string) (mesh.ControlPlaneSettings, error) {
	planes := map[string]*mesh.ControlPlane{}
	at := func(revision string) *mesh.ControlPlane {
		if planes[revision] == nil {
			planes[revision] = &mesh.ControlPlane{Revision: revision}
		}
		return planes[revision]
	}
	s := mesh.ControlPlaneSettings{HasRootCertificate: map[string]bool{}}
	shared, err := c.readIstiods(ctx, at)
	if err != nil {
		return s, err
	}
	if err := c.readConfigMaps(ctx, at); err != nil {
		return s, err
	}
	for revision, p := range planes {
		if err := c.readMesh(ctx, p, shared[revision]); err != nil {
			return s, err
		}
	}
	for what, read := range map[string]func() error{
		"autoscalers":           func() error { return c.readScaling(ctx, at) },
		"network policies":      func() error { return c.readPolicies(ctx, at) },
		"definitions":           func() (err error) { s.CRDVersions, err = c.readDefinitions(ctx); return err },
		"Istio's configuration": func() (err error) { s.Configs, err = c.readConfigs(ctx); return err },
	} {
		switch err := read(); {
		case errors.Is(err, engine.ErrRefused): // it can be done without, and is said
			s.Unknown = append(s.Unknown, what)
		case err != nil:
			return s, err
		}
	}
	slices.Sort(s.Unknown)
	for _, p := range planes {
		s.ControlPlanes = append(s.ControlPlanes, *p)
	}
	for _, ns := range namespaces {
		_, err := c.core.ConfigMaps(ns).Get(ctx, rootConfigMap, metav1.GetOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return s, reading("ConfigMap "+ns+"/"+rootConfigMap, err)
		}
		s.HasRootCertificate[ns] = err == nil
	}
	slices.SortFunc(s.ControlPlanes, func(a, b mesh.ControlPlane) int { return cmp.Compare(a.Revision, b.Revision) })
	return s, nil
}

// ofRevision selects what a control plane labels as its own.
var ofRevision = metav1.ListOptions{LabelSelector: mesh.RevisionLabel}

// readIstiods returns also which ConfigMap a revision's istiods share with others.
func (c *Cluster) readIstiods(ctx context.Context, at func(string) *mesh.ControlPlane) (map[string]string, error) {
	options, shared := metav1.ListOptions{LabelSelector: "app=" + istiodApp}, map[string]string{}
	return shared, reading("istiod's Deployments", pages(ctx, options, c.apps.Deployments(c.Root).List, func(page *appsv1.DeploymentList) {
		for i := range page.Items {
			d := &page.Items[i]
			s, normal := at(revisionOf(d.Labels)), normalOf(d)
			s.UsesTrustBundle = s.UsesTrustBundle || bundled(&d.Spec.Template.Spec)
			s.Settings = append(s.Settings, mesh.Setting{Group: mesh.Resources, Key: "replicas", Value: fmt.Sprint(replicas(d.Spec.Replicas))})
			for _, container := range d.Spec.Template.Spec.Containers {
				if container.Name != "discovery" {
					continue
				}
				for _, e := range container.Env {
					s.Settings = append(s.Settings, mesh.Setting{Group: mesh.Environment, Key: e.Name, Value: normal(valueOf(e))})
					if e.Name == sharedEnv {
						shared[s.Revision] = e.Value
					}
				}
				s.Settings = append(s.Settings, mesh.Setting{Group: mesh.Environment, Key: "arguments", Value: normal(strings.Join(container.Args, " "))})
				s.Settings = append(s.Settings, flat(mesh.Resources, container.Resources, normal)...)
			}
		}
	}))
}

// bundled reports whether an istiod has its proxies take the root from a
// ClusterTrustBundle. It writes no ConfigMap then.
func bundled(istiod *corev1.PodSpec) bool {
	return slices.ContainsFunc(istiod.Containers, func(c corev1.Container) bool {
		return c.Name == "discovery" && slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == bundleEnv && e.Value == "true" })
	})
}

// valueOf is what a variable is set to, or from where.
func valueOf(e corev1.EnvVar) string {
	if e.ValueFrom == nil {
		return e.Value
	}
	return strings.TrimSpace(e.ValueFrom.String())
}

func (c *Cluster) readConfigMaps(ctx context.Context, at func(string) *mesh.ControlPlane) error {
	return reading("ConfigMaps in "+c.Root, pages(ctx, ofRevision, c.core.ConfigMaps(c.Root).List, func(page *corev1.ConfigMapList) {
		for i := range page.Items {
			m := &page.Items[i]
			revision := revisionOf(m.Labels)
			normal := renamed(revision, "")
			switch s := at(revision); m.Name {
			case revisioned("values", revision):
				s.Settings = append(s.Settings, flatText(mesh.UserValues, m.Data["original-values"], normal)...)
			case revisioned("istio-sidecar-injector", revision):
				s.Settings = append(s.Settings, flatText(mesh.Injection, m.Data["values"], normal)...)
				s.Settings = append(s.Settings, templatesIn(m.Data["config"], normal)...)
			}
		}
	}))
}

func (c *Cluster) readScaling(ctx context.Context, at func(string) *mesh.ControlPlane) error {
	return reading("HorizontalPodAutoscalers", pages(ctx, ofRevision, c.autoscaling.HorizontalPodAutoscalers(c.Root).List, func(page *autoscalingv2.HorizontalPodAutoscalerList) {
		for _, a := range page.Items {
			if a.Labels["app"] == istiodApp {
				s := at(revisionOf(a.Labels))
				s.Settings = append(s.Settings, flat(mesh.Resources, map[string]any{"autoscaler": a.Spec}, renamed(s.Revision, ""))...)
			}
		}
	}))
}

func (c *Cluster) readPolicies(ctx context.Context, at func(string) *mesh.ControlPlane) error {
	policies := c.objects.Resource(resourceOf("NetworkPolicy")).Namespace(c.Root)
	return reading("NetworkPolicies in "+c.Root, pages(ctx, ofRevision, policies.List, func(page *unstructured.UnstructuredList) {
		for _, p := range page.Items {
			s := at(revisionOf(p.GetLabels()))
			normal := renamed(s.Revision, "")
			s.Settings = append(s.Settings, flat(mesh.Policies, map[string]any{normal(p.GetName()): p.Object["spec"]}, normal)...)
		}
	}))
}
