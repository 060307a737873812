// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rerig/rerig/internal/mesh"
)

// GatewayDraft is the template of a gateway that istioctl installed, rendered for a revision.
type GatewayDraft struct {
	Operator string // metadata.name of the IstioOperator that was derived for it
	File     string // that IstioOperator, as YAML
	Rendered string // digest of its manifest
	Template []byte // of the Deployment in it, as JSON
}

// DraftGateway renders the template of a gateway for a revision from the user's IstioOperator. It
// rejects a rendering that another part of that file changes: the user's next `istioctl install`
// would replace its pods. It rejects one that would change the gateway's Service. An empty version
// is resolved by ResolveVersion. It changes nothing, and masks secret values in errors.
func (i IstioctlInstaller) DraftGateway(ctx context.Context, wl mesh.Workload, revision, version string) (GatewayDraft, error) {
	d, err := i.draftGateway(ctx, wl, revision, version)
	if err != nil {
		return d, fmt.Errorf("render the template of %s for revision %s: %w", wl.Ref(), revision, i.redactor().Error(err))
	}
	return d, nil
}

func (i IstioctlInstaller) draftGateway(ctx context.Context, wl mesh.Workload, revision, version string) (GatewayDraft, error) {
	if !i.Operator.IsSet() {
		return GatewayDraft{}, errors.New("no IstioOperator file was given. Name the target's with --operator, or remove the rule that names it")
	}
	complete, err := i.Operator.ForRevision(revision)
	if err != nil {
		return GatewayDraft{}, err
	}
	derived, err := i.Operator.OnlyGateway(wl, revision)
	if err != nil {
		return GatewayDraft{}, err
	}
	istioctl, err := FindIstioctl(ctx, i.Istioctl)
	if err != nil {
		return GatewayDraft{}, err
	}
	version = ResolveVersion(version, i.Operator, revision, istioctl.Version)
	if err := istioctl.checkVersion(version); err != nil {
		return GatewayDraft{}, err
	}
	d := GatewayDraft{Operator: GatewayOperatorName(wl.Name)}
	if d.File, err = derived.YAML(); err != nil {
		return d, fmt.Errorf("marshal the IstioOperator: %w", err)
	}
	all, err := i.render(ctx, istioctl, complete)
	if err != nil {
		return d, err
	}
	manifest, err := i.render(ctx, istioctl, derived)
	if err != nil {
		return d, err
	}
	if err := checkGatewayManifest(wl, all, manifest); err != nil {
		return d, err
	}
	if err := i.checkUnchanged(ctx, wl, manifest); err != nil {
		return d, err
	}
	d.Rendered = manifestDigest(manifest)
	template, _, err := unstructured.NestedMap(deploymentOf(wl, manifest).Object, "spec", "template")
	if err != nil {
		return d, err
	}
	image := containerImage(deploymentOf(wl, manifest), "istio-proxy")
	if tag, spelled := versionFromTag(mesh.ImageTag(image)); spelled && !SameVersion(tag, version) {
		return d, fmt.Errorf("the file renders its proxy from image %s, but the plan names version %s. Change its tag", image, version)
	}
	d.Template, err = json.Marshal(template)
	return d, err
}

// gatewayKinds are the kinds of a gateway's own objects in the charts istio-ingress and istio-egress,
// 1.29.1 and 1.31.0.
var gatewayKinds = []string{
	"Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Role", "RoleBinding", "Service", "ServiceAccount",
}

// checkGatewayManifest rejects a manifest that has anything but a gateway's own objects, or others
// than the manifest of the user's complete file.
func checkGatewayManifest(wl mesh.Workload, all, manifest []*unstructured.Unstructured) error {
	if deploymentOf(wl, all) == nil {
		return errors.New("the IstioOperator file does not have that gateway. Add it to spec.components of the file as it is installed " +
			"(name, namespace, k8s), or remove the rule that names it")
	}
	if deploymentOf(wl, manifest) == nil {
		return errors.New("the IstioOperator file renders it, but not by an entry in spec.components alone. Add an entry with its name there")
	}
	complete := map[string]*unstructured.Unstructured{}
	for _, o := range all {
		complete[objectKey(o)] = o
	}
	for _, o := range manifest {
		switch object := objectOf(o); {
		case !slices.Contains(gatewayKinds, object.Kind) || object.Namespace != wl.Namespace || !strings.HasPrefix(object.Name, wl.Name):
			return fmt.Errorf("with that gateway alone the IstioOperator file also renders %s. Remove from the file what renders it, or "+
				"remove the rule that names the gateway", object)
		case complete[objectKey(o)] == nil || !equalObjects(complete[objectKey(o)], o):
			return fmt.Errorf("%s depends on the profile of the IstioOperator file, or on another component in it, so that your next "+
				"`istioctl install` of that file would change it again. Set what it takes from the profile in the file itself (spec.values, "+
				"spec.components), or remove the rule that names the gateway", object)
		}
	}
	return nil
}

// deploymentOf returns a gateway's Deployment in a manifest, nil for none.
func deploymentOf(wl mesh.Workload, manifest []*unstructured.Unstructured) *unstructured.Unstructured {
	for _, o := range manifest {
		if object := objectOf(o); object.Kind == "Deployment" && object.Namespace == wl.Namespace && object.Name == wl.Name {
			return o
		}
	}
	return nil
}

// checkUnchanged rejects a manifest with another Service, selector of pods, or ServiceAccount than
// the gateway has: only its pods are moved.
func (i IstioctlInstaller) checkUnchanged(ctx context.Context, wl mesh.Workload, manifest []*unstructured.Unstructured) error {
	if i.Cluster == nil {
		return nil
	}
	live, err := getObjects(ctx, i.reader(), manifest)
	if err != nil {
		return err
	}
	const remedy = "A move must not change it: set it in the file as it is in the cluster, or remove the rule that names the gateway"
	for n, o := range manifest {
		object := objectOf(o)
		var fields [][]string
		switch {
		case object.Kind == "Service" && live[n] == nil:
			return fmt.Errorf("the IstioOperator file renders %s, which does not exist. %s", object, remedy)
		case object.Kind == "Service":
			fields = [][]string{{"spec", "selector"}, {"spec", "ports"}, {"spec", "type"}}
		case object.Kind == "Deployment" && live[n] != nil:
			fields = [][]string{{"spec", "selector"}, {"spec", "template", "spec", "serviceAccountName"}}
		}
		for _, path := range fields {
			want, _, _ := unstructured.NestedFieldNoCopy(o.Object, path...)
			now, _, _ := unstructured.NestedFieldNoCopy(live[n].Object, path...)
			if want == nil && path[1] == "type" {
				want = "ClusterIP"
			}
			if !contains(now, want) || path[1] == "selector" && !contains(want, now) {
				return fmt.Errorf("the IstioOperator file renders %s with %s %s, and it has %s. %s",
					object, strings.Join(path, "."), asJSON(want), asJSON(now), remedy)
			}
		}
	}
	return nil
}

func asJSON(value any) string {
	text, _ := json.Marshal(value) // it was parsed from JSON
	return string(text)
}
