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

// refuseCRDDowngrade rejects an install that would downgrade CRDs. istioctl applies them with every
// control plane, and they are shared by all revisions. Objects stored with newer fields would lose
// them at their next write.
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
	live, err := getObjects(ctx, i.reader(), wanted)
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
	return fmt.Errorf("install revision %s by istioctl: it would downgrade Istio's CRDs, which all revisions share, from %s to %s (%s). "+
		"Set spec.components.base.enabled: false in the IstioOperator file to leave them unchanged",
		d.Revision, newest, d.Version, firstAndCount(names))
}

// crdVersion returns the Istio version in a CRD's labels: istioctl writes its own, Helm the version
// of the chart base; "" if there is none.
func crdVersion(definition *unstructured.Unstructured) string {
	labels := definition.GetLabels()
	chart, is := strings.CutPrefix(labels["helm.sh/chart"], "base-")
	if !is {
		chart = ""
	}
	return cmp.Or(labels[versionLabel], chart)
}

// refuseDefaultTag rejects an install that would make the new revision the default. istioctl
// creates the tag "default" for the revision it installs if there is none (operator/pkg/webhook,
// detectIfTagWebhookIsNeeded). Every new pod in a namespace with istio-injection=enabled would then
// use it.
func (i IstioctlInstaller) refuseDefaultTag(ctx context.Context, d *Draft) error {
	if i.Cluster == nil {
		return nil
	}
	list, err := i.Cluster.Resource(mutatingWebhookResource).List(ctx, metav1.ListOptions{LabelSelector: "app=sidecar-injector"})
	if err != nil {
		return fmt.Errorf("list injection webhooks: %w", err)
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
		d.Notes = append(d.Notes, "this is the only control plane: istioctl makes it the default (tag default, istiod-default-validator)")
		return nil
	}
	return errors.New("install revision " + d.Revision + ": there is no revision tag default, " +
		"and istioctl would create it for " + d.Revision +
		". New pods in namespaces with istio-injection=enabled would use it at once. First run " + keepDefaultCommand(others))
}

// keepDefaultCommand returns the command that keeps the current default for such namespaces: the
// revision without a name, or the only one. With several named revisions the user has to choose.
func keepDefaultCommand(revisions []string) string {
	const command = "`istioctl tag set default --revision "
	slices.Sort(revisions)
	switch revisions = slices.Compact(revisions); {
	case slices.Contains(revisions, "default"):
		return command + "default`"
	case len(revisions) == 1:
		return command + revisions[0] + "`"
	}
	return command + "REVISION`, with one of " + strings.Join(revisions, ", ")
}
