// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/api/v1alpha1"
)

const definitions = "customresourcedefinitions"

// Permission is one verb on one resource, as RBAC grants it.
type Permission struct {
	Verb      string
	Group     string
	Resource  string // with its subresource: pods/portforward
	Namespace string // "" is all of them, or a resource that is in none
	Name      string // "" is all of them
}

// String is the permission as one would ask for it: "list deployments.apps".
func (p Permission) String() string {
	s := p.Verb + " " + p.Resource
	if p.Group != "" {
		s += "." + p.Group
	}
	if p.Name != "" {
		s += " " + p.Name
	}
	if p.Namespace != "" {
		s += " in " + p.Namespace
	}
	return s
}

// Observing is what inventory and plan need.
func (c *Cluster) Observing() []Permission {
	return []Permission{
		{"list", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", "", ""},
		{"list", "apps", "controllerrevisions", "", ""},
		{"list", "apps", "daemonsets", "", ""},
		{"list", "apps", "deployments", "", ""},
		{"list", "apps", "replicasets", "", ""},
		{"list", "apps", "statefulsets", "", ""},
		{"list", "batch", "cronjobs", "", ""},
		{"list", "batch", "jobs", "", ""},
		{"list", "", "namespaces", "", ""},
		{"list", "", "pods", "", ""},
		{"list", "", "services", "", ""},
		{"get", "", "configmaps", "", rootConfigMap}, // of the mesh, and of each namespace that is moved
		{"list", "", "configmaps", c.Root, ""},       // how control planes are set up
		{"get", "admissionregistration.k8s.io", "validatingwebhookconfigurations", "", defaultValidator},
		{"create", "", "pods/portforward", c.Root, ""},
		{"list", v1alpha1.Group, v1alpha1.Resource, "", ""},
		{"get", v1alpha1.Group, v1alpha1.Resource, "", ""},
	}
}

// Acting is what upgrade and rollback need beside it. What an installer needs
// is the installer's to say.
func (c *Cluster) Acting() []Permission {
	return []Permission{
		{"create", "", "pods/portforward", "", ""}, // of one pod of each workload, for its certificate
		{"create", "", "pods/eviction", "", ""},    // of workloads that nothing rolls, and of a pod that keeps its StatefulSet from being put back
		{"get", "", "namespaces", "", ""},
		{"patch", "", "namespaces", "", ""},
		{"patch", "apps", "daemonsets", "", ""},
		{"patch", "apps", "deployments", "", ""},
		{"patch", "apps", "statefulsets", "", ""},
		{"create", "apiextensions.k8s.io", definitions, "", ""},
		{"get", "apiextensions.k8s.io", definitions, "", definitionName},
		{"patch", "apiextensions.k8s.io", definitions, "", definitionName},
		{"create", v1alpha1.Group, v1alpha1.Resource, "", ""},
		{"patch", v1alpha1.Group, v1alpha1.Resource, "", ""},
		{"update", v1alpha1.Group, v1alpha1.Resource, "", ""},
		{"update", v1alpha1.Group, v1alpha1.Resource + "/status", "", ""},
		{"create", "coordination.k8s.io", "leases", c.Root, ""},
		{"get", "coordination.k8s.io", "leases", c.Root, LeaseName},
		{"update", "coordination.k8s.io", "leases", c.Root, LeaseName},
	}
}

// Helpful is what can be done without: what is told of room, of how control planes
// differ, and of who works on a run, is then not known, and said so.
func (c *Cluster) Helpful() []Permission {
	list := []Permission{
		{"list", "networking.k8s.io", "networkpolicies", c.Root, ""},
		{"list", "apiextensions.k8s.io", definitions, "", ""},
		{"list", envoyFilters.Group, envoyFilters.Resource, "", ""},
		{"list", "autoscaling", "horizontalpodautoscalers", "", ""},
		{"list", "", "nodes", "", ""},
		{"list", "", "resourcequotas", "", ""},
		{"get", "coordination.k8s.io", "leases", c.Root, LeaseName},
	}
	for _, r := range configs {
		list = append(list, Permission{"list", r.Group, r.Resource, "", ""})
	}
	return sortedPermissions(list)
}

// Rolling is what is needed where Argo's Rollouts are served.
func (c *Cluster) Rolling(writes bool) []Permission {
	list := []Permission{{"list", "argoproj.io", "rollouts", "", ""}}
	if writes {
		list = append(list, Permission{"patch", "argoproj.io", "rollouts", "", ""})
	}
	return list
}

// Swapping is what a plan that swaps needs beside Acting.
func Swapping() []Permission {
	return []Permission{
		{"list", "discovery.k8s.io", "endpointslices", "", ""}, // of namespaces in which a pod bears a mark
		{"get", "", "pods", "", ""},
		{"patch", "", "pods", "", ""},
		{"delete", "", "pods", "", ""}, // parked ones
		{"get", "", "services", "", ""},
		{"create", "", "services", "", ""}, // keepers
		{"delete", "", "services", "", ""},
	}
}

// Missing asks the API server which of the permissions the user lacks, several
// at once, and returns those in their order.
func (c *Cluster) Missing(ctx context.Context, wanted []Permission) ([]Permission, error) {
	lacks := make([]bool, len(wanted))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for n, p := range wanted {
		group.Go(func() error {
			review, err := c.authorization.SelfSubjectAccessReviews().Create(ctx, p.review(), metav1.CreateOptions{})
			if err != nil {
				return reading(fmt.Sprintf("whether you may %s", p), err)
			}
			lacks[n] = !review.Status.Allowed
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	missing := slices.Clone(wanted)
	n := -1
	return slices.DeleteFunc(missing, func(Permission) bool { n++; return !lacks[n] }), nil
}

func (p Permission) review() *authorizationv1.SelfSubjectAccessReview {
	resource, subresource, _ := strings.Cut(p.Resource, "/")
	return &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: p.Verb, Group: p.Group, Resource: resource, Subresource: subresource, Namespace: p.Namespace, Name: p.Name,
		},
	}}
}
