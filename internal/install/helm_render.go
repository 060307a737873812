// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"fmt"
	"strings"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	release "helm.sh/helm/v4/pkg/release/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// renderRelease renders a chart as an install of the release would, for the Kubernetes version of
// the cluster if there is one. It writes nothing.
func (i HelmInstaller) renderRelease(
	ctx context.Context, c *chart.Chart, values map[string]any, name string,
) ([]*unstructured.Unstructured, error) {
	rendering := action.NewInstall(action.NewConfiguration(action.ConfigurationSetLogger(discardLogs)))
	rendering.DryRunStrategy, rendering.ReleaseName, rendering.Namespace = action.DryRunClient, name, i.Root
	if i.Config != nil {
		version, err := i.kubernetesVersion()
		if err != nil {
			return nil, err
		}
		rendering.KubeVersion = version
	}
	if missing := c.Metadata.Dependencies; len(missing) > len(c.Dependencies()) {
		return nil, fmt.Errorf("render chart %s: its dependencies are not included. Run `helm dependency build` first", i.Chart)
	}
	rendered, err := rendering.RunWithContext(ctx, c, runtime.DeepCopyJSON(values))
	if err != nil {
		return nil, fmt.Errorf("render chart %s %s: %w", c.Name(), c.Metadata.Version, err)
	}
	r, ok := rendered.(*release.Release)
	if !ok {
		return nil, fmt.Errorf("render chart %s: Helm answered with %T", i.Chart, rendered)
	}
	if len(r.Hooks) > 0 {
		return nil, fmt.Errorf("render chart %s: it has hooks (%s), which Rerig does not run and Istio's own chart does not have. "+
			"Remove them from the chart",
			i.Chart, r.Hooks[0].Path)
	}
	return i.manifestObjects(r.Manifest)
}

// manifestObjects returns the objects of a manifest, each with its namespace set.
func (i HelmInstaller) manifestObjects(manifest string) ([]*unstructured.Unstructured, error) {
	documents, err := splitYAML([]byte(manifest))
	if err != nil {
		return nil, fmt.Errorf("parse the manifest of chart %s: %w", i.Chart, err)
	}
	var objects []*unstructured.Unstructured
	for _, d := range documents {
		o := &unstructured.Unstructured{Object: d}
		if o.GetNamespace() == "" && !clusterScoped[o.GetKind()] {
			o.SetNamespace(i.Root)
		}
		objects = append(objects, o)
	}
	return objects, nil
}

func (i HelmInstaller) kubernetesVersion() (*common.KubeVersion, error) {
	client, err := restClientGetter{i.Config, i.Root}.ToDiscoveryClient()
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	version, err := client.ServerVersion()
	if err != nil {
		return nil, fmt.Errorf("read the version of the cluster: %w", err)
	}
	return &common.KubeVersion{Version: version.GitVersion, Major: version.Major, Minor: version.Minor}, nil
}

// refuseExtraObjects rejects a chart that renders more than a control plane: a gateway would be
// replaced in place, and a tag would move before the plan moves it.
func refuseExtraObjects(manifest []*unstructured.Unstructured) error {
	var more []string
	for _, o := range manifest {
		if isGateway(o) || o.GetLabels()[tagLabel] != "" {
			more = append(more, objectOf(o).String())
		}
	}
	if len(more) == 0 {
		return nil
	}
	return fmt.Errorf("the chart renders objects that are not part of a control plane: %s. "+
		"A gateway would be replaced at once, and a tag moved. Disable them in the values", strings.Join(more, ", "))
}
