// SPDX-License-Identifier: Apache-2.0

package install

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/release/common"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
)

// InheritedValues are the values of an old revision that a new one is given too.
type InheritedValues struct {
	From   string         // where they were found, in words
	Values map[string]any // without what must not be carried over
}

// InheritNone asks for nothing to be carried over.
const InheritNone = "none"

var configMapResource = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}

// inheritValues recovers the values of the revision that is left, from what it left in
// the cluster: its Helm release, or else the ConfigMap that Istio's chart keeps
// them in, which istioctl's installs have as well (since 1.26).
func (i HelmInstaller) inheritValues(ctx context.Context, d *Draft) error {
	if i.Chart.Inherited != nil || i.Chart.InheritFrom == InheritNone || i.Cluster == nil {
		d.Inherited = i.Chart.Inherited
		return nil
	}
	old := i.Chart.InheritFrom
	if old == "" {
		others := slices.DeleteFunc(slices.Clone(i.RevisionsInUse), func(r string) bool { return r == d.Revision })
		switch len(others) {
		case 0:
			return nil
		case 1:
			old = others[0]
		default:
			return fmt.Errorf("carry the values over: several revisions are in use (%s): name the one whose values the new one gets with --inherit, or --inherit %s", strings.Join(others, ", "), InheritNone)
		}
	}
	found, err := i.recoverValues(ctx, d, old)
	switch {
	case err != nil:
		return fmt.Errorf("carry the values of revision %s over: %w", old, err)
	case found == nil && i.Chart.InheritFrom != "": // it was asked for by name
		return fmt.Errorf("carry the values of revision %s over: none were found (no Helm release, no ConfigMap %s); in use: %s: correct --inherit, or give the new one only the chart's own and yours with --inherit %s",
			old, valuesConfigMapName(old), cmp.Or(strings.Join(i.RevisionsInUse, ", "), "no revision"), InheritNone)
	case found == nil:
		d.Notes = append(d.Notes, fmt.Sprintf("no values of revision %s were found (no Helm release, no ConfigMap %s): the new one gets the chart's own and yours", old, valuesConfigMapName(old)))
		return nil
	}
	left := found.dropRevisionBound(old, i.Root)
	if len(left) > 0 {
		d.Notes = append(d.Notes, "not carried over: "+strings.Join(left, ", "))
	}
	for _, path := range pathsMentioning(found.Values, "", istiodServiceName(old), i.Root) {
		d.Notes = append(d.Notes, fmt.Sprintf("%s is carried over and mentions %s, the istiod of revision %s: set it anew with --values if the new revision is not to ask the old one", path, istiodServiceName(old), old))
	}
	d.Inherited = found
	return nil
}

// recoverValues finds the values of a revision; nil when it left none.
func (i HelmInstaller) recoverValues(ctx context.Context, d *Draft, revision string) (*InheritedValues, error) {
	own := metav1.ListOptions{LabelSelector: "app=istiod," + revisionLabel + "=" + revision}
	istiods, err := i.Cluster.Resource(deploymentResource).Namespace(i.Root).List(ctx, own)
	if err != nil {
		return nil, fmt.Errorf("read its istiod Deployment: %w", err)
	}
	for _, o := range istiods.Items {
		name, namespace := o.GetAnnotations()[releaseAnnotation], o.GetAnnotations()[releaseNamespaceAnnotation]
		if name == "" {
			continue
		}
		found, err := i.valuesFromRelease(d, name, namespace)
		if found != nil || err != nil && !apierrors.IsForbidden(err) {
			return found, err
		}
	}
	return i.valuesFromConfigMap(ctx, revision)
}

// valuesFromRelease are the values that a Helm release was given when it was deployed
// last: those of a later upgrade, which failed or has not ended, nobody knows to
// be in use, and that is said.
func (i HelmInstaller) valuesFromRelease(d *Draft, name, namespace string) (*InheritedValues, error) {
	helm, err := i.actionConfig(namespace)
	if err != nil {
		return nil, err
	}
	newest, err := latestRelease(helm, name)
	if err != nil || newest == nil {
		return nil, err
	}
	r, err := deployedRelease(helm, name)
	if err != nil {
		return nil, err
	}
	if r == nil {
		r = newest
	}
	if r.Chart == nil {
		return nil, nil
	}
	if status := newest.Info.Status; status != common.StatusDeployed {
		d.Notes = append(d.Notes, fmt.Sprintf("version %d of Helm release %s/%s, its newest, is %s: carried over are the values of version %d; see with `helm get values %s --namespace %s --revision %d` what that one was to change, and give what the new revision shall have of it with --values",
			newest.Version, namespace, name, status, r.Version, name, namespace, newest.Version))
	}
	config := r.Config
	if r.Chart.Name() != "istiod" { // a chart around it keeps its values under its name
		config, _ = r.Config["istiod"].(map[string]any)
	}
	values, err := withExactNumbers(config)
	return &InheritedValues{From: fmt.Sprintf("Helm release %s/%s", namespace, name), Values: values}, err
}

// valuesFromConfigMap are the values in the ConfigMap that the chart keeps: those that were
// given to it, without its own.
func (i HelmInstaller) valuesFromConfigMap(ctx context.Context, revision string) (*InheritedValues, error) {
	o, err := i.Cluster.Resource(configMapResource).Namespace(i.Root).Get(ctx, valuesConfigMapName(revision), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read ConfigMap %s/%s: %w", i.Root, valuesConfigMapName(revision), err)
	}
	content := nestedString(o.Object, "data", "original-values")
	values := map[string]any{}
	if err := json.Unmarshal([]byte(content), &values); err != nil {
		return nil, errors.New("ConfigMap " + valuesConfigMapName(revision) + " holds no values in JSON (original-values), and these cannot be carried over: give them with `--values FILE --inherit none`")
	}
	return &InheritedValues{From: "ConfigMap " + i.Root + "/" + valuesConfigMapName(revision), Values: values}, nil
}

func valuesConfigMapName(revision string) string {
	if revision == "default" {
		return "values"
	}
	return "values-" + revision
}

// withExactNumbers has whole numbers as such: what was read from JSON elsewhere has them as
// fractions, which a chart may write as 1e+06.
func withExactNumbers(values map[string]any) (map[string]any, error) {
	content, err := json.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("read the values: %w", err)
	}
	whole := map[string]any{}
	return whole, json.Unmarshal(content, &whole)
}
