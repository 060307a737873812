// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// leftOut returns the gateway workloads of a manifest, with what runs in the
// cluster under their names.
func leftOut(ctx context.Context, cluster dynamic.Interface, manifest []*unstructured.Unstructured) ([]Object, error) {
	var workloads []*unstructured.Unstructured
	for _, o := range manifest {
		if isGateway(o) && runsPods(o) {
			workloads = append(workloads, o)
		}
	}
	return look(ctx, cluster, workloads)
}

// look says of each object what is in the cluster, where there is one to look at.
func look(ctx context.Context, cluster dynamic.Interface, objects []*unstructured.Unstructured) ([]Object, error) {
	live := make([]*unstructured.Unstructured, len(objects))
	if cluster != nil {
		var err error
		if live, err = lookUp(ctx, cluster, objects); err != nil {
			return nil, err
		}
	}
	var list []Object
	for n, o := range objects {
		list = append(list, seen(o, live[n]))
	}
	sortObjects(list)
	return list, nil
}

// compare finds what the manifest would replace of what is there. Objects that
// bear the revision in their name are its own. It refuses what would move the
// mesh before any wave does: a tag, or the default validator; and an istiod that
// serves already in another version.
func (d *Draft) compare(ctx context.Context, cluster dynamic.Interface, manifest []*unstructured.Unstructured) error {
	var shared []*unstructured.Unstructured
	for _, o := range manifest {
		if !strings.Contains(o.GetName()+"-", "-"+d.Revision+"-") {
			shared = append(shared, o)
		}
	}
	objects, err := look(ctx, cluster, shared)
	if err != nil {
		return err
	}
	for _, o := range objects {
		if o.Present || cluster == nil {
			d.InPlace = append(d.InPlace, o)
		}
	}
	if err := refuseMoves(d.Revision, shared, objects); err != nil {
		return err
	}
	return d.judgeIstiod(ctx, cluster, istiodOf(manifest, d.Revision))
}

// refuseMoves refuses objects that choose a revision for others and are there
// for another one: an install would point them to the new one at once.
func refuseMoves(revision string, manifest []*unstructured.Unstructured, now []Object) error {
	switches := map[string]string{}
	for _, o := range manifest {
		if tag := o.GetLabels()[tagLabel]; tag != "" {
			switches[named(o).String()] = "values.revisionTags"
		}
		if o.GetKind() == "ValidatingWebhookConfiguration" && o.GetName() == "istiod-default-validator" {
			switches[named(o).String()] = "values.defaultRevision"
		}
	}
	for _, o := range now {
		field, ok := switches[o.String()]
		if ok && o.Present && o.Revision != revision {
			return fmt.Errorf("install revision %s: %s would point %s, %s, to it at once: take that out", revision, field, o, o.Now())
		}
	}
	return nil
}

var injectors = schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: "mutatingwebhookconfigurations"}

// refuseDefaultTag refuses an install that would make the new revision the
// default one: istioctl creates the tag "default" for what it installs where
// there is none (operator/pkg/webhook, detectIfTagWebhookIsNeeded), and every
// new pod in a namespace with istio-injection=enabled would then follow it.
func (i ByIstioctl) refuseDefaultTag(ctx context.Context, d *Draft) error {
	if i.Cluster == nil {
		return nil
	}
	list, err := i.Cluster.Resource(injectors).List(ctx, metav1.ListOptions{LabelSelector: "app=sidecar-injector"})
	if err != nil {
		return fmt.Errorf("read the injection webhooks: %w", err)
	}
	var others []string
	for _, o := range list.Items {
		switch {
		case o.GetLabels()[tagLabel] == "default":
			return nil
		case o.GetLabels()[revisionLabel] != d.Revision:
			others = append(others, o.GetLabels()[revisionLabel])
		}
	}
	if len(others) == 0 {
		d.Notes = append(d.Notes, "there is no other control plane: istioctl makes this one the default (tag default, istiod-default-validator)")
		return nil
	}
	return errors.New("install revision " + d.Revision + ": there is no revision tag default, and istioctl would create it pointing to " + d.Revision +
		", so that new pods in namespaces with istio-injection=enabled got it at once: first run " + keepDefault(others))
}

// keepDefault is the command that leaves such namespaces with what they get now,
// among the revisions that are there: the one without a name, or the only one. Of
// several with names none serves them, and which shall is not ours to say.
func keepDefault(revisions []string) string {
	const command = "`istioctl tag set default --revision "
	slices.Sort(revisions)
	switch revisions = slices.Compact(revisions); {
	case slices.Contains(revisions, "default"):
		return command + "default`"
	case len(revisions) == 1:
		return command + revisions[0] + "`"
	}
	return command + "REVISION`, with the one of " + strings.Join(revisions, ", ") + " that is to be the default"
}
