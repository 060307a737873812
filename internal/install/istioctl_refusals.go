// SPDX-License-Identifier: Apache-2.0

package install

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// refuseCRDDowngrade refuses an install that would take CRDs back to an older
// Istio: istioctl applies them with every control plane, and they are of every
// revision. What is stored with newer fields would lose them at its next write.
func (i IstioctlInstaller) refuseCRDDowngrade(ctx context.Context, d Draft, manifest []*unstructured.Unstructured) error {
	if i.Cluster == nil {
		return nil
	}
	var wanted []*unstructured.Unstructured
	for _, o := range manifest {
		if o.GetKind() == crdKind.Kind {
			wanted = append(wanted, o)
		}
	}
	live, err := getObjects(ctx, i.Cluster, wanted)
	if err != nil {
		return err
	}
	newest, names := "", []string(nil)
	for _, o := range live {
		if o == nil || !olderThan(d.Version, crdVersion(o)) {
			continue
		}
		names = append(names, o.GetName())
		if newest == "" || olderThan(newest, crdVersion(o)) {
			newest = crdVersion(o)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("install revision %s by istioctl: it would take Istio's definitions (CRDs), which are of every revision, back from %s to %s (%s), and they are never downgraded: switch the base off in the IstioOperator file (spec.components.base.enabled: false), and they stay as they are",
		d.Revision, newest, d.Version, firstAndCount(names))
}

// crdVersion is the Istio version that a CRD bears: istioctl labels it with its
// own, Helm with that of the chart base; "" when it does not say.
func crdVersion(definition *unstructured.Unstructured) string {
	labels := definition.GetLabels()
	chart, is := strings.CutPrefix(labels["helm.sh/chart"], "base-")
	if !is {
		chart = ""
	}
	return cmp.Or(labels[versionLabel], chart)
}

// refuseDefaultTag refuses an install that would make the new revision the
// default one: istioctl creates the tag "default" for what it installs where
// there is none (operator/pkg/webhook, detectIfTagWebhookIsNeeded), and every
// new pod in a namespace with istio-injection=enabled would then follow it.
func (i IstioctlInstaller) refuseDefaultTag(ctx context.Context, d *Draft) error {
	if i.Cluster == nil {
		return nil
	}
	list, err := i.Cluster.Resource(mutatingWebhookResource).List(ctx, metav1.ListOptions{LabelSelector: "app=sidecar-injector"})
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
		", so that new pods in namespaces with istio-injection=enabled got it at once: first run " + keepDefaultCommand(others))
}

// keepDefaultCommand is the command that leaves such namespaces with what they get now,
// among the revisions that are there: the one without a name, or the only one. Of
// several with names none serves them, and which shall is not ours to say.
func keepDefaultCommand(revisions []string) string {
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
