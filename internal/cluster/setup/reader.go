// SPDX-License-Identifier: Apache-2.0

// Package setup reads the settings of control planes, so that two of them can be
// compared, and the configuration whose effect depends on the control plane.
package setup

import (
	"cmp"
	"context"
	"errors"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
)

// Reader reads the settings of the control planes of one mesh.
type Reader struct {
	api  *client.Clients
	root string
}

// NewReader returns a reader where istiod is in root.
func NewReader(api *client.Clients, root string) *Reader { return &Reader{api: api, root: root} }

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
	if s.ClassDefaults, err = r.readClassDefaults(ctx); err != nil {
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
		{"definitions", func() error { return r.readDefinitions(ctx, &s) }},
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
		if name := found.addIstiod(&list[i]); name != "" {
			shared[istio.RevisionOf(list[i].Labels)] = name
		}
	}
	return shared, client.ReadError("istiod's Deployments", err)
}

func (r *Reader) readConfigMaps(ctx context.Context, found planes) error {
	var list []corev1.ConfigMap
	err := client.List(ctx, ofRevision, r.api.CoreV1().ConfigMaps(r.root).List, func() { list = nil },
		func(page *corev1.ConfigMapList) { list = append(list, page.Items...) })
	for i := range list {
		found.addConfigMap(&list[i])
	}
	return client.ReadError("ConfigMaps in "+r.root, err)
}

func (r *Reader) readAutoscalers(ctx context.Context, found planes) error {
	var list []autoscalingv2.HorizontalPodAutoscaler
	err := client.List(ctx, ofRevision, r.api.AutoscalingV2().HorizontalPodAutoscalers(r.root).List, func() { list = nil },
		func(page *autoscalingv2.HorizontalPodAutoscalerList) { list = append(list, page.Items...) })
	for i := range list {
		found.addAutoscaler(&list[i])
	}
	return client.ReadError("HorizontalPodAutoscalers", err)
}

func (r *Reader) readNetworkPolicies(ctx context.Context, found planes) error {
	var list []networkingv1.NetworkPolicy
	err := client.List(ctx, ofRevision, r.api.NetworkingV1().NetworkPolicies(r.root).List, func() { list = nil },
		func(page *networkingv1.NetworkPolicyList) { list = append(list, page.Items...) })
	for i := range list {
		found.addNetworkPolicy(&list[i])
	}
	return client.ReadError("NetworkPolicies in "+r.root, err)
}
