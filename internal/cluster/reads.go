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

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/mesh"
)

func (c *Cluster) readDefined(ctx context.Context, l *look) (err error) {
	l.world.CRDInstalled, err = c.defined(ctx)
	return err
}

// defined asks discovery, which every user may: the definition counts when it is
// served.
func (c *Cluster) defined(ctx context.Context) (bool, error) {
	err := c.plain.Get().AbsPath("/apis", v1alpha1.Group, v1alpha1.Version).Do(ctx).Error()
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	return err == nil, reading("the API group "+v1alpha1.Group, err)
}

func (c *Cluster) readRoots(ctx context.Context, l *look) (err error) {
	l.roots, err = c.rootPEM(ctx)
	return err
}

// readRootsElsewhere looks for the mesh's root where proxies are, if the root
// namespace has none: discoverySelectors need not select it. Where every control
// plane is bundled what a ConfigMap still says is nobody's word.
func (c *Cluster) readRootsElsewhere(ctx context.Context, l *look) (err error) {
	switch kept := slices.ContainsFunc(l.planes, func(p plane) bool { return !p.bundled }); {
	case !kept && len(l.planes) > 0:
		l.roots = nil
	case len(l.roots) == 0:
		l.roots, err = c.rootPEM(ctx, withSidecars(l.found.pods)...)
	}
	l.world.Roots = fingerprints(l.roots)
	return err
}

// withSidecars are the first namespaces, by name, in which proxies run.
func withSidecars(pods []pod) []string {
	var names []string
	for _, p := range pods {
		if p.Sidecar.Present {
			names = append(names, p.namespace)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return names[:min(lookedIn, len(names))]
}

func (c *Cluster) readWebhooks(ctx context.Context, l *look) error {
	return reading("MutatingWebhookConfigurations", pages(ctx, metav1.ListOptions{}, c.admission.MutatingWebhookConfigurations().List,
		func(page *admissionv1.MutatingWebhookConfigurationList) {
			for i := range page.Items {
				l.world.Webhooks = append(l.world.Webhooks, webhooksOf(&page.Items[i])...)
				if tag, owner := page.Items[i].Labels[tagLabel], trackerOf(&page.Items[i].ObjectMeta); tag != "" && owner != "" {
					l.owners = append(l.owners, [2]string{tag, owner})
				}
			}
		}))
}

func (c *Cluster) readNamespaces(ctx context.Context, l *look) error {
	return reading("Namespaces", pages(ctx, metav1.ListOptions{}, c.metadata.Resource(namespaces).List,
		func(page *metav1.PartialObjectMetadataList) {
			for i := range page.Items {
				if page.Items[i].DeletionTimestamp != nil {
					continue // nothing can be made in it any more
				}
				l.found.namespaces = append(l.found.namespaces, mesh.Namespace{Name: page.Items[i].Name, Labels: page.Items[i].Labels, ManagedBy: keeperOf(&page.Items[i].ObjectMeta)})
			}
		}))
}

func (c *Cluster) readPods(ctx context.Context, l *look) error {
	l.spent = map[string]spent{}
	return reading("Pods", pages(ctx, metav1.ListOptions{}, c.core.Pods("").List, func(page *corev1.PodList) {
		for i := range page.Items {
			p := &page.Items[i]
			if istiod, ok := istiodPodOf(p, c.Root); ok {
				l.istiods = append(l.istiods, istiod)
			}
			if trial, ok := trialOf(p); ok {
				l.world.Trials = append(l.world.Trials, trial)
				continue
			}
			if found, ok := podOf(p); ok {
				if on := l.spent[p.Spec.NodeName]; !over(p) {
					l.spent[p.Spec.NodeName] = spent{plus(on.needs, found.needs), on.pods + 1}
				}
				l.found.pods = append(l.found.pods, found)
			}
		}
	}))
}

// The three kinds are read at the same time: each collects its own, and Observe
// joins them.

func (c *Cluster) readDeployments(ctx context.Context, l *look) error {
	return reading("Deployments", pages(ctx, metav1.ListOptions{}, c.apps.Deployments("").List, func(page *appsv1.DeploymentList) {
		for i := range page.Items {
			d := &page.Items[i]
			if d.Namespace == c.Root && d.Labels["app"] == istiodApp {
				l.planes = append(l.planes, plane{revisionOf(d.Labels), int(replicas(d.Spec.Replicas)), int(d.Status.ReadyReplicas), bundled(&d.Spec.Template.Spec)})
				continue
			}
			l.found.deployments = append(l.found.deployments, deployment(d))
		}
	}))
}

func (c *Cluster) readStatefulSets(ctx context.Context, l *look) error {
	return reading("StatefulSets", pages(ctx, metav1.ListOptions{}, c.apps.StatefulSets("").List, func(page *appsv1.StatefulSetList) {
		for i := range page.Items {
			l.found.statefulSets = append(l.found.statefulSets, statefulSet(&page.Items[i]))
		}
	}))
}

func (c *Cluster) readDaemonSets(ctx context.Context, l *look) error {
	return reading("DaemonSets", pages(ctx, metav1.ListOptions{}, c.apps.DaemonSets("").List, func(page *appsv1.DaemonSetList) {
		for i := range page.Items {
			d := &page.Items[i]
			l.found.daemonSets = append(l.found.daemonSets, daemonSet(d))
			if c.Removing != "" {
				l.pointing("DaemonSet "+d.Namespace+"/"+d.Name, c.Root, &d.Spec.Template.Spec)
			}
		}
	}))
}
