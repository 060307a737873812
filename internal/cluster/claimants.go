// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/rerig/rerig/internal/mesh"
)

// claimant is a kind whose objects may bear the label istio.io/rev.
type claimant struct {
	kind     string
	resource schema.GroupVersionResource
}

// claimants are what chooses a control plane, and the configuration that the
// label hides from every other one: it would be orphaned.
func claimants() []claimant {
	list := []claimant{{"EnvoyFilter", envoyFilters}}
	for kind, r := range chosen {
		list = append(list, claimant{kind, r})
	}
	for kind, r := range configs {
		switch {
		case kind == "Gateway": // beside the one of the Gateway API
			list = append(list, claimant{kind + "." + r.Group, r})
		case chosen[kind].Resource == "":
			list = append(list, claimant{kind, r})
		}
	}
	return list
}

// controlledBy is the istiod pod that an entry's proxy is connected to, or was
// last: WorkloadControllerAnnotation in pilot/pkg/autoregistration @1.30.3. It is
// on entries that istiod itself registered, or sees the health of.
const controlledBy = "istio.io/workloadController"

// readEntries finds the entries of VMs that were last connected to an istiod,
// whatever their labels say: one that is away for now would come back to it.
func (c *Cluster) readEntries(ctx context.Context, l *look) error {
	err := pages(ctx, metav1.ListOptions{}, c.metadata.Resource(chosen["WorkloadEntry"]).List, func(page *metav1.PartialObjectMetadataList) {
		for _, o := range page.Items {
			if pod := o.Annotations[controlledBy]; strings.HasPrefix(pod, istiodApp) {
				l.claims = append(l.claims, mesh.Reference{Subject: "WorkloadEntry " + o.Namespace + "/" + o.Name, Revision: revisionIn(deploymentIn(pod)), Through: "annotation " + controlledBy + "=" + pod})
			}
		}
	})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return reading("each WorkloadEntry", err)
}

// deploymentIn reads a Deployment's name off the name of one of its pods.
func deploymentIn(pod string) string {
	for range 2 {
		pod = pod[:max(0, strings.LastIndex(pod, "-"))]
	}
	return pod
}
