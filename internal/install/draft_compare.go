// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
)

// findOmittedGateways returns the gateway workloads of a manifest, with what runs in the
// cluster under their names.
func findOmittedGateways(ctx context.Context, cluster dynamic.Interface, manifest []*unstructured.Unstructured) ([]Object, error) {
	var workloads []*unstructured.Unstructured
	for _, o := range manifest {
		if isGateway(o) && runsPods(o) {
			workloads = append(workloads, o)
		}
	}
	return describeObjects(ctx, cluster, workloads)
}

// describeObjects says of each object what is in the cluster, where there is one to look at.
func describeObjects(ctx context.Context, cluster dynamic.Interface, objects []*unstructured.Unstructured) ([]Object, error) {
	live := make([]*unstructured.Unstructured, len(objects))
	if cluster != nil {
		var err error
		if live, err = getObjects(ctx, cluster, objects); err != nil {
			return nil, err
		}
	}
	var list []Object
	for n, o := range objects {
		list = append(list, describeObject(o, live[n]))
	}
	sortObjects(list)
	return list, nil
}

// compareWithCluster finds what the manifest would replace of what is there. Objects that
// bear the revision in their name are its own. It refuses what would move the
// mesh before any wave does: a tag, or the default validator; and an istiod that
// serves already in another version.
func (d *Draft) compareWithCluster(ctx context.Context, cluster dynamic.Interface, manifest []*unstructured.Unstructured) error {
	var shared []*unstructured.Unstructured
	for _, o := range manifest {
		if !strings.Contains(o.GetName()+"-", "-"+d.Revision+"-") {
			shared = append(shared, o)
		}
	}
	objects, err := describeObjects(ctx, cluster, shared)
	if err != nil {
		return err
	}
	for _, o := range objects {
		if o.Present || cluster == nil {
			d.InPlace = append(d.InPlace, o)
		}
	}
	if err := refuseTagMoves(d.Revision, shared, objects); err != nil {
		return err
	}
	return d.checkExistingIstiod(ctx, cluster, findIstiod(manifest, d.Revision))
}

// refuseTagMoves refuses objects that choose a revision for others and are there
// for another one: an install would point them to the new one at once.
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
			return fmt.Errorf("install revision %s: %s would point %s, %s, to it at once: take that out", revision, field, o, o.CurrentState())
		}
	}
	return nil
}

// checkExistingIstiod looks at an istiod of the revision that is there already. One that
// serves in another version is refused: a name that is used again is an upgrade
// in place, of everything that the old one serves. What an earlier try left is
// said; the install repeats it.
func (d *Draft) checkExistingIstiod(ctx context.Context, cluster dynamic.Interface, istiod *unstructured.Unstructured) error {
	if cluster == nil {
		return nil
	}
	found, err := getObjects(ctx, cluster, []*unstructured.Unstructured{istiod})
	if err != nil || found[0] == nil {
		return err
	}
	now := describeObject(istiod, found[0])
	if version, ok := versionFromTag(imageTag(containerImage(found[0], "discovery"))); ok {
		now.Version = version
	}
	ready, _, _ := unstructured.NestedInt64(found[0].Object, "status", "readyReplicas")
	if ready > 0 && now.Version != "" && !SameVersion(now.Version, d.Version) {
		return fmt.Errorf("install revision %s in version %s: it is there and serves, %s: under a name that is used again everything that it serves would be upgraded in place; give the new version a name of its own, such as --to %s",
			d.Revision, d.Version, now.CurrentState(), RevisionName(d.Version))
	}
	d.Notes = append(d.Notes, fmt.Sprintf("%s is there already, %s: it is replaced in place", now, now.CurrentState()))
	return nil
}
