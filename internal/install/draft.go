// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
)

// Installer installs revisions from one IstioOperator file.
type Installer struct {
	File       Operator
	Istioctl   string            // path; "" means the one in PATH
	Kubeconfig string            // path; "" leaves istioctl to the environment, as the tool itself
	Context    string            // "" means the kubeconfig's own
	Cluster    dynamic.Interface // only read from; nil drafts without looking at a cluster
	Timeout    time.Duration     // how long each component may take to be ready; 0 means 5 minutes, istioctl's own default
	Say        func(line string) // hears istioctl's lines; may be nil
}

// Draft is what an install would do, found before anything is touched.
type Draft struct {
	Revision     string   `json:"revision"`
	Version      string   `json:"version"`
	Istioctl     Istioctl `json:"istioctl"`
	OperatorName string   `json:"operatorName"`    // metadata.name of its own
	Namespace    string   `json:"namespace"`       // where its istiod runs
	Image        string   `json:"image"`           // of its istiod
	Objects      int      `json:"objects"`         // that istioctl applies
	LeftOut      []Object `json:"leftOut"`         // gateways that the file asks for: istioctl would replace them in place, at once
	InPlace      []Object `json:"inPlace"`         // what is no revision's own and is applied over what is there
	Notes        []string `json:"notes,omitempty"` // what somebody who approves should know
	Needs        []Need   `json:"-"`               // what the user must be permitted
	File         string   `json:"file"`            // the IstioOperator that istioctl is given, YAML
}

// Draft checks everything that can be known beforehand and says what an install
// would do. version may be "": see VersionFor.
func (i Installer) Draft(ctx context.Context, revision, version string) (Draft, error) {
	if err := CheckRevision(revision); err != nil {
		return Draft{}, err
	}
	if !i.File.Given() {
		return Draft{}, fmt.Errorf("install revision %s: there is no IstioOperator file to install it from", revision)
	}
	file, err := i.File.For(revision)
	if err != nil {
		return Draft{}, err
	}
	istioctl, err := FindIstioctl(ctx, i.Istioctl)
	if err != nil {
		return Draft{}, err
	}
	d := Draft{Revision: revision, Version: VersionFor(version, i.File, revision, istioctl.Version), Istioctl: istioctl, OperatorName: OperatorName(revision)}
	if err := istioctl.mustBe(d.Version); err != nil {
		return Draft{}, err
	}
	manifest, err := i.withoutGateways(ctx, &d, file)
	if err != nil {
		return Draft{}, err
	}
	if err := d.readManifest(manifest); err != nil {
		return Draft{}, err
	}
	d.Notes = append(d.Notes, i.File.notes(d)...)
	return d, i.compare(ctx, &d, manifest)
}

// withoutGateways renders the file, and again with its gateways switched off
// where there are any.
func (i Installer) withoutGateways(ctx context.Context, d *Draft, file Operator) ([]*unstructured.Unstructured, error) {
	manifest, err := i.render(ctx, d.Istioctl, file)
	if err != nil {
		return nil, err
	}
	found, err := gatewaysIn(manifest)
	if err != nil {
		return nil, err
	}
	if len(found) > 0 {
		all := manifest
		if file, err = file.Without(found); err != nil {
			return nil, err
		}
		if manifest, err = i.render(ctx, d.Istioctl, file); err != nil {
			return nil, err
		}
		if err := onlyGatewaysLeft(all, manifest); err != nil {
			return nil, err
		}
		if d.LeftOut, err = i.leftOut(ctx, all); err != nil {
			return nil, err
		}
	}
	if d.File, err = file.YAML(); err != nil {
		return nil, fmt.Errorf("write the IstioOperator: %w", err)
	}
	return manifest, nil
}
