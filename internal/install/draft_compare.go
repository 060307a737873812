// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rerig/rerig/internal/mesh"
)

// findOmittedGateways returns the gateway workloads of a manifest, with the state of those in the
// cluster.
func findOmittedGateways(ctx context.Context, cluster clusterReader, manifest []*unstructured.Unstructured) ([]Object, error) {
	var workloads []*unstructured.Unstructured
	for _, o := range manifest {
		if isGateway(o) && runsPods(o) {
			workloads = append(workloads, o)
		}
	}
	return describeObjects(ctx, cluster, workloads)
}

// describeObjects returns each object with its state in the cluster, if there is a cluster.
func describeObjects(ctx context.Context, cluster clusterReader, objects []*unstructured.Unstructured) ([]Object, error) {
	live := make([]*unstructured.Unstructured, len(objects))
	if cluster.client != nil {
		var err error
		if live, err = getObjects(ctx, cluster, objects); err != nil {
			return nil, err
		}
	}
	var list []Object
	for n, o := range objects {
		object := describeObject(o, live[n])
		if !isGateway(o) {
			object.Pods = podEffect(o, live[n])
		}
		list = append(list, object)
	}
	sortObjects(list)
	return list, nil
}

// controlPlaneKinds are the kinds of which Istio's charts make control planes, besides istiod's
// Deployment.
var controlPlaneKinds = map[string]bool{
	"ClusterRole": true, "ClusterRoleBinding": true, "ConfigMap": true, "EndpointSlice": true, "HorizontalPodAutoscaler": true,
	"MutatingWebhookConfiguration": true, "NetworkPolicy": true, "PodDisruptionBudget": true, "Role": true, "RoleBinding": true,
	"Service": true, "ServiceAccount": true, "ValidatingAdmissionPolicy": true, "ValidatingAdmissionPolicyBinding": true,
	"ValidatingWebhookConfiguration": true,
}

// isOwn reports whether an object of the manifest is a part of the revision's own control plane: its
// istiod, or an object of a kind that control planes have with the revision in its name.
func (d *Draft) isOwn(o *unstructured.Unstructured) bool {
	if o.GetKind() == "Deployment" {
		return o.GetName() == "istiod-"+d.Revision
	}
	named := strings.Contains("-"+o.GetName()+"-", "-"+d.Revision+"-")
	return named && controlPlaneKinds[o.GetKind()] && slices.Contains([]string{"", d.Namespace}, objectOf(o).Namespace)
}

// compareWithCluster finds what the manifest would create and replace in the cluster outside of the
// revision's own control plane, and what in it leads to another revision. It rejects what would
// move the mesh before any wave does: a tag, the default validator, and an istiod that already
// serves in another version.
func (d *Draft) compareWithCluster(ctx context.Context, cluster clusterReader, manifest []*unstructured.Unstructured) error {
	var shared []*unstructured.Unstructured
	for _, o := range manifest {
		if !d.isOwn(o) {
			shared = append(shared, o)
		}
	}
	objects, err := describeObjects(ctx, cluster, shared)
	if err != nil {
		return err
	}
	for _, o := range objects {
		if o.Present || cluster.client == nil {
			d.InPlace = append(d.InPlace, o)
		} else {
			d.Created = append(d.Created, o)
		}
	}
	if err := refuseTagMoves(d.Revision, shared, objects); err != nil {
		return err
	}
	if err := d.findReferences(ctx, cluster, manifest); err != nil {
		return err
	}
	return d.checkExistingIstiod(ctx, cluster, findIstiod(manifest, d.Revision))
}

// refuseTagMoves rejects objects that select a revision for others and exist for another revision:
// an install would point them to the new one at once.
func refuseTagMoves(revision string, manifest []*unstructured.Unstructured, now []Object) error {
	switches := map[string]string{}
	for _, o := range manifest {
		if tag := o.GetLabels()[tagLabel]; tag != "" {
			switches[objectOf(o).String()] = "values.revisionTags"
		}
		if o.GetKind() == "ValidatingWebhookConfiguration" && o.GetName() == "istiod-default-validator" {
			switches[objectOf(o).String()] = "values.defaultRevision"
		}
	}
	for _, o := range now {
		field, ok := switches[o.String()]
		if ok && o.Present && o.Revision != revision {
			return fmt.Errorf("install revision %s: %s would point %s (%s) to the new revision before any wave. "+
				"Remove %s from the file or the values",
				revision, field, o, o.CurrentState(), field)
		}
	}
	return nil
}

// checkExistingIstiod rejects a revision whose istiod serves already in another version: everything
// that it serves would be upgraded in place. It notes an istiod that an earlier attempt left; the
// install repeats it.
func (d *Draft) checkExistingIstiod(ctx context.Context, cluster clusterReader, istiod *unstructured.Unstructured) error {
	if cluster.client == nil {
		return nil
	}
	found, err := getObjects(ctx, cluster, []*unstructured.Unstructured{istiod})
	if err != nil || found[0] == nil {
		return err
	}
	now := describeObject(istiod, found[0])
	if version, ok := versionFromTag(mesh.ImageTag(containerImage(found[0], "discovery"))); ok {
		now.Version = version
	}
	ready, _, _ := unstructured.NestedInt64(found[0].Object, "status", "readyReplicas")
	if ready > 0 && now.Version != "" && !SameVersion(now.Version, d.Version) {
		return fmt.Errorf("install revision %s in version %s: the revision exists and serves (%s). "+
			"Everything that it serves would be upgraded in place. Use a new revision name, such as --to %s",
			d.Revision, d.Version, now.CurrentState(), RevisionName(d.Version))
	}
	d.Notes = append(d.Notes, fmt.Sprintf("%s exists (%s) and is replaced in place", now, now.CurrentState()))
	return nil
}
