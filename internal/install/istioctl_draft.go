// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
)

// IstioctlInstaller has the user's istioctl install revisions from one IstioOperator
// file.
type IstioctlInstaller struct {
	Operator   IstioOperator
	Istioctl   string            // path; "" means the one in PATH
	Kubeconfig string            // path; "" leaves istioctl to the environment, as the tool itself
	Context    string            // "" means the kubeconfig's own
	Cluster    dynamic.Interface // only read from; nil drafts without looking at a cluster
	Timeout    time.Duration     // how long each component may take to be ready; 0 means 5 minutes, istioctl's own default
	Log        func(line string) // hears istioctl's lines; may be nil
}

// Draft checks everything that can be known beforehand and says what an install
// would do. version may be "": see VersionFor.
func (i IstioctlInstaller) Draft(ctx context.Context, revision, version string) (Draft, error) {
	if err := ValidateRevisionName(revision); err != nil {
		return Draft{}, err
	}
	if !i.Operator.IsSet() {
		return Draft{}, fmt.Errorf("install revision %s: there is no IstioOperator file to install it from", revision)
	}
	file, err := i.Operator.ForRevision(revision)
	if err != nil {
		return Draft{}, err
	}
	istioctl, err := FindIstioctl(ctx, i.Istioctl)
	if err != nil {
		return Draft{}, err
	}
	d := Draft{Revision: revision, Version: ResolveVersion(version, i.Operator, revision, istioctl.Version),
		By: istioctl.Path + ", version " + istioctl.Version, Istioctl: istioctl}
	if err := istioctl.checkVersion(d.Version); err != nil {
		return Draft{}, err
	}
	manifest, err := i.withoutGateways(ctx, &d, file)
	if err != nil {
		return Draft{}, err
	}
	if err := d.readManifest(manifest, "the IstioOperator file"); err != nil {
		return Draft{}, err
	}
	d.Notes = append(d.Notes, i.Operator.draftNotes(d)...)
	if err := d.compareWithCluster(ctx, i.Cluster, manifest); err != nil {
		return Draft{}, err
	}
	if err := i.refuseCRDDowngrade(ctx, d, manifest); err != nil {
		return Draft{}, err
	}
	err = i.refuseDefaultTag(ctx, &d)
	return d, err
}

// withoutGateways renders the file, and again with its gateways switched off
// where there are any.
func (i IstioctlInstaller) withoutGateways(ctx context.Context, d *Draft, file IstioOperator) ([]*unstructured.Unstructured, error) {
	manifest, err := i.render(ctx, d.Istioctl, file)
	if err != nil {
		return nil, err
	}
	found, err := gatewaysByComponent(manifest)
	if err != nil {
		return nil, err
	}
	if len(found) > 0 {
		all := manifest
		if file, err = file.WithoutGateways(found); err != nil {
			return nil, err
		}
		if manifest, err = i.render(ctx, d.Istioctl, file); err != nil {
			return nil, err
		}
		if err := checkOnlyGatewaysRemoved(all, manifest); err != nil {
			return nil, err
		}
		if d.OmittedGateways, err = findOmittedGateways(ctx, i.Cluster, all); err != nil {
			return nil, err
		}
	}
	if d.File, err = file.YAML(); err != nil {
		return nil, fmt.Errorf("write the IstioOperator: %w", err)
	}
	return manifest, nil
}
