// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"github.com/rerig/rerig/internal/sensitive"
)

// IstioctlInstaller installs revisions with the user's istioctl, from one IstioOperator file.
type IstioctlInstaller struct {
	Operator   IstioOperator
	Istioctl   string            // path; "" for the one in PATH
	Kubeconfig string            // path; "" for the default of the environment
	Context    string            // "" for the kubeconfig's current context
	Cluster    dynamic.Interface // read-only; nil drafts without a cluster
	Mapper     meta.RESTMapper   // maps kinds to resources; nil guesses
	Rendered   string            // digest of the manifest that was approved; "" installs any
	Timeout    time.Duration     // for each component to be ready; 0 means 5m, istioctl's default
	Log        func(line string) // receives istioctl's output; may be nil
}

func (i IstioctlInstaller) reader() clusterReader {
	return clusterReader{client: i.Cluster, mapper: i.Mapper}
}

// Draft checks everything that can be checked beforehand and returns what an install would do. An
// empty version is resolved by ResolveVersion.
// Secret values are masked in the notes and in errors.
func (i IstioctlInstaller) Draft(ctx context.Context, revision, version string) (Draft, error) {
	d, err := i.unmaskedDraft(ctx, revision, version)
	d.maskNotes(i.redactor())
	return d, i.redactor().Error(err)
}

// redactor masks the secret values of the IstioOperator.
func (i IstioctlInstaller) redactor() sensitive.Redactor {
	return sensitive.NewRedactor(i.Operator.object)
}

func (i IstioctlInstaller) unmaskedDraft(ctx context.Context, revision, version string) (Draft, error) {
	if err := ValidateRevisionName(revision); err != nil {
		return Draft{}, err
	}
	if !i.Operator.IsSet() {
		return Draft{}, fmt.Errorf("install revision %s: no IstioOperator file was given. Name one with --operator", revision)
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
	d.Rendered = manifestDigest(manifest)
	d.Permissions = manifestPermissions(i.reader(), manifest)
	d.Notes = append(d.Notes, i.Operator.draftNotes(d)...)
	if err := d.compareWithCluster(ctx, i.reader(), manifest); err != nil {
		return Draft{}, err
	}
	if err := i.refuseCRDDowngrade(ctx, d, manifest); err != nil {
		return Draft{}, err
	}
	err = i.refuseDefaultTag(ctx, &d)
	return d, err
}

// withoutGateways renders the file, and renders it again with its gateways disabled if there are
// any.
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
		if d.OmittedGateways, err = findOmittedGateways(ctx, i.reader(), all); err != nil {
			return nil, err
		}
	}
	if d.File, err = file.YAML(); err != nil {
		return nil, fmt.Errorf("marshal the IstioOperator: %w", err)
	}
	return manifest, nil
}
