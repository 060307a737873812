// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/cluster/proxy"
	"github.com/rerig/rerig/internal/cluster/setup"
	"github.com/rerig/rerig/internal/mesh"
)

// maxRootNamespaces is in how many namespaces the mesh's root is looked for if the
// root namespace has none.
const maxRootNamespaces = 8

// allObjects are the options that list every object of a kind.
var allObjects = metav1.ListOptions{}

func (r *Reader) readDefined(ctx context.Context, o *observation) (err error) {
	o.world.CRDInstalled, err = r.records.Defined(ctx)
	return err
}

func (r *Reader) readRoots(ctx context.Context, o *observation) (err error) {
	o.roots, err = r.rootCertificates(ctx)
	return err
}

// readRootsElsewhere reads the mesh's root from a namespace with proxies if the root
// namespace has none: discoverySelectors need not select that. Where every control
// plane is bundled nobody writes the ConfigMap: what it holds is obsolete.
func (r *Reader) readRootsElsewhere(ctx context.Context, o *observation) (err error) {
	written := slices.ContainsFunc(o.planes, func(p plane) bool { return !p.bundled })
	switch {
	case !written && len(o.planes) > 0:
		o.roots = nil
	case len(o.roots) == 0:
		o.roots, err = r.rootCertificates(ctx, withSidecars(r.root, o.found.pods)...)
	}
	o.world.Roots = proxy.Fingerprints(o.roots)
	return err
}

// withSidecars returns the first namespaces, by name, in which proxies of the mesh run.
func withSidecars(root string, pods []pod) []string {
	var names []string
	for _, p := range pods {
		if p.Sidecar.Present && (p.Sidecar.Mesh == "" || p.Sidecar.Mesh == root) {
			names = append(names, p.namespace)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return names[:min(maxRootNamespaces, len(names))]
}

// rootCertificates returns the mesh's root certificates in PEM, from the root
// namespace, else from the first of the others that has them and may be read.
// There are none before the first istiod has run.
func (s shared) rootCertificates(ctx context.Context, others ...string) ([]byte, error) {
	for _, ns := range append([]string{s.root}, others...) {
		m, err := s.api.CoreV1().ConfigMaps(ns).Get(ctx, istio.RootConfigMap, metav1.GetOptions{})
		switch {
		case err == nil:
			return []byte(m.Data[istio.RootKey]), nil
		case !apierrors.IsNotFound(err) && (ns == s.root || !apierrors.IsForbidden(err)):
			return nil, client.ReadError("the mesh's root certificate (ConfigMap "+ns+"/"+istio.RootConfigMap+")", err)
		}
	}
	return nil, nil
}

func (r *Reader) readWebhooks(ctx context.Context, o *observation) error {
	err := client.List(ctx, allObjects, r.api.AdmissionregistrationV1().MutatingWebhookConfigurations().List,
		func() { o.world.Webhooks, o.tagOwners, o.injectors, o.mutators = nil, nil, nil, nil },
		func(page *admissionv1.MutatingWebhookConfigurationList) {
			for i := range page.Items {
				m := &page.Items[i]
				o.world.Webhooks = append(o.world.Webhooks, webhooksOf(m)...)
				r.addMutator(o, m)
				if !injectsFor(m, r.root) {
					continue
				}
				o.addInjectors(m)
				if tag, tool := m.Labels[istio.TagLabel], managerOfTag(&m.ObjectMeta); tag != "" && tool != "" {
					o.tagOwners = append(o.tagOwners, tagOwner{tag, tool})
				}
			}
		})
	return client.ReadError("MutatingWebhookConfigurations", err)
}

func (r *Reader) readNamespaces(ctx context.Context, o *observation) error {
	err := client.List(ctx, allObjects, r.api.Metadata.Resource(namespaces).List, func() { o.found.namespaces = nil },
		func(page *metav1.PartialObjectMetadataList) {
			for i := range page.Items {
				n := &page.Items[i]
				if n.DeletionTimestamp != nil {
					continue // nothing can be created in it
				}
				o.found.namespaces = append(o.found.namespaces, mesh.Namespace{
					Name:      n.Name,
					Labels:    n.Labels,
					ManagedBy: labelsManagedBy(&n.ObjectMeta),
					SetBy:     labelsSetBy(&n.ObjectMeta, ownLabels, mesh.RevisionLabel, mesh.InjectionLabel),
				})
			}
		})
	return client.ReadError("Namespaces", err)
}

func (r *Reader) readPods(ctx context.Context, o *observation) error {
	err := client.List(ctx, allObjects, r.api.CoreV1().Pods("").List,
		func() { o.istiods, o.world.Trials, o.found.pods, o.usage = nil, nil, nil, map[string]usage{} },
		func(page *corev1.PodList) {
			for i := range page.Items {
				o.addPod(&page.Items[i])
			}
		})
	return client.ReadError("Pods", err)
}

func (o *observation) addPod(p *corev1.Pod) {
	if istiod, ok := istiodOf(p, o.world.RootNamespace); ok {
		istiod.Webhooks = o.webhookCalls(p)
		o.istiods = append(o.istiods, istiod)
	}
	if trial, ok := trialOf(p); ok {
		o.world.Trials = append(o.world.Trials, trial)
		return
	}
	found, ok := podOf(p)
	if !ok {
		return
	}
	if u := o.usage[p.Spec.NodeName]; !ended(p) {
		o.usage[p.Spec.NodeName] = usage{sumOf(u.needs, found.needs), u.pods + 1}
	}
	o.found.pods = append(o.found.pods, found)
}

// istiodOf returns false for a pod that is not istiod's, does not run, or is
// terminating: its answer is not worth waiting for.
func istiodOf(p *corev1.Pod, root string) (proxy.Istiod, bool) {
	if p.Namespace != root || p.Labels["app"] != istio.App || p.Status.Phase != corev1.PodRunning || p.DeletionTimestamp != nil {
		return proxy.Istiod{}, false
	}
	i := proxy.Istiod{Name: p.Name, UID: string(p.UID), Revision: istio.RevisionOf(p.Labels), Ready: ready(p)}
	if len(p.Spec.Containers) > 0 {
		i.Image = p.Spec.Containers[0].Image
	}
	for _, c := range p.Spec.Containers {
		if c.Name == "discovery" {
			i.Image = c.Image
		}
	}
	i.Version = mesh.ImageTag(i.Image)
	return i, true
}

// The controllers are read at the same time, each kind into a field of its own.

func (r *Reader) readDeployments(ctx context.Context, o *observation) error {
	err := client.List(ctx, allObjects, r.api.AppsV1().Deployments("").List, func() { o.planes, o.found.deployments = nil, nil },
		func(page *appsv1.DeploymentList) {
			for i := range page.Items {
				d := &page.Items[i]
				if d.Namespace != r.root || d.Labels["app"] != istio.App {
					o.found.deployments = append(o.found.deployments, deployment(d))
					continue
				}
				o.planes = append(o.planes, plane{
					revision: istio.RevisionOf(d.Labels), wanted: int(replicas(d.Spec.Replicas)),
					ready: int(d.Status.ReadyReplicas), bundled: setup.Bundled(&d.Spec.Template.Spec),
				})
			}
		})
	return client.ReadError("Deployments", err)
}

func (r *Reader) readStatefulSets(ctx context.Context, o *observation) error {
	err := client.List(ctx, allObjects, r.api.AppsV1().StatefulSets("").List, func() { o.found.statefulSets = nil },
		func(page *appsv1.StatefulSetList) {
			for i := range page.Items {
				o.found.statefulSets = append(o.found.statefulSets, statefulSet(&page.Items[i]))
			}
		})
	return client.ReadError("StatefulSets", err)
}

func (r *Reader) readDaemonSets(ctx context.Context, o *observation) error {
	err := client.List(ctx, allObjects, r.api.AppsV1().DaemonSets("").List, func() { o.found.daemonSets, o.daemonSetCalls = nil, nil },
		func(page *appsv1.DaemonSetList) {
			for i := range page.Items {
				d := &page.Items[i]
				o.found.daemonSets = append(o.found.daemonSets, daemonSet(d))
				if r.scope.RemovingRun != "" {
					o.daemonSetCalls = append(o.daemonSetCalls, calledBy(d, r.root)...)
				}
			}
		})
	return client.ReadError("DaemonSets", err)
}
