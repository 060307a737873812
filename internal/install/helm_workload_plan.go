// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/action"
	chartcommon "helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	release "helm.sh/helm/v4/pkg/release/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// writtenLabel is the label istio.io/rev in the template of a Deployment that an upgrade of
// its release writes.
type writtenLabel struct {
	namespace, workload string
	live                string // the label of the live template
	want                string // "" tries another value than the live one
}

// otherLabel is a value for the label that tells which value of a chart renders it.
const otherLabel = "rerig-other-revision"

// releasePlan is the upgrade of a release that writes a label and changes nothing else.
type releasePlan struct {
	path     string // of the value that renders the label
	values   map[string]any
	manifest []*unstructured.Unstructured // as rendered with these values
}

// plan finds the value of a release that renders the label, and what an upgrade with it
// would change. It is an error if that is anything but labels istio.io/rev, or the template
// of another workload; if it would end the held rollout; or if another tool changed the
// objects of the release.
func (r *Releases) plan(ctx context.Context, h releaseHistory, w writtenLabel) (releasePlan, error) {
	before, err := objectsOf(h.base)
	if err != nil {
		return releasePlan{}, err
	}
	own := w.in(before)
	if own == nil {
		return releasePlan{}, fmt.Errorf("its manifest does not have Deployment %s/%s", w.namespace, w.workload)
	}
	if err := h.check(w, own); err != nil {
		return releasePlan{}, err
	}
	p, err := r.valueOf(ctx, h.base, before, w)
	if err != nil {
		return p, err
	}
	return p, r.compareLive(ctx, h.base.ApplyMethod, before, p.manifest)
}

// check returns an error if a release does not render the live label, cannot be rendered,
// or would end a held rollout.
func (h releaseHistory) check(w writtenLabel, own *unstructured.Unstructured) error {
	label := templateLabel(own)
	if h.unfinished != nil && label != w.live {
		interrupted, err := objectsOf(h.unfinished)
		if err != nil {
			return err
		}
		if o := w.in(interrupted); o != nil {
			label = templateLabel(o)
		}
	}
	if label != w.live {
		return fmt.Errorf("it renders %s=%q, and the live template has %q", revisionLabel, label, w.live)
	}
	if declared, stored := h.base.Chart.Metadata.Dependencies, h.base.Chart.Dependencies(); len(declared) > len(stored) {
		return fmt.Errorf("Helm stores chart %s without its dependencies (%s), so that only who has the chart can upgrade it",
			h.base.Chart.Name(), declared[0].Name)
	}
	for _, hook := range h.base.Hooks {
		if slices.Contains(hook.Events, release.HookPreUpgrade) || slices.Contains(hook.Events, release.HookPostUpgrade) {
			return fmt.Errorf("an upgrade of it would run the hook %s", hook.Name)
		}
	}
	for _, field := range []string{"strategy", "minReadySeconds", "progressDeadlineSeconds"} {
		if _, is, _ := unstructured.NestedFieldNoCopy(own.Object, "spec", field); is {
			return fmt.Errorf("its chart sets spec.%s, so that an upgrade would end the held rollout", field)
		}
	}
	return nil
}

// in returns the Deployment of a manifest, nil for none.
func (w writtenLabel) in(manifest []*unstructured.Unstructured) *unstructured.Unstructured {
	for _, o := range manifest {
		if o.GetKind() == "Deployment" && o.GetName() == w.workload && o.GetNamespace() == w.namespace {
			return o
		}
	}
	return nil
}

func templateLabel(o *unstructured.Unstructured) string {
	return nestedString(o.Object, "spec", "template", "metadata", "labels", revisionLabel)
}

// valueOf finds the value that renders the label: the chart gateway's, revision, or a value
// of the user that has the live label.
func (r *Releases) valueOf(
	ctx context.Context, base *release.Release, before []*unstructured.Unstructured, w writtenLabel,
) (releasePlan, error) {
	want := w.want
	if want == "" {
		want = otherLabel
	}
	var first error
	for _, path := range slices.Compact(append([]string{"revision"}, pathsWith(base.Config, "", w.live)...)) {
		values, err := withExactNumbers(base.Config)
		if err != nil {
			return releasePlan{}, err
		}
		if err := unstructured.SetNestedField(values, labelValue(want), strings.Split(path, ".")...); err != nil {
			continue
		}
		p := releasePlan{path: path, values: values}
		if p.manifest, err = r.render(ctx, base, values); err == nil {
			err = onlyLabelChanges(before, p.manifest, w, labelValue(want))
		}
		if err == nil {
			return p, nil
		}
		if first == nil {
			first = fmt.Errorf("an upgrade with another value of %s %w", path, err)
		}
	}
	return releasePlan{}, first
}

// labelValue is the value of a chart for a label, "" for none.
func labelValue(label string) string {
	if label == "-" { // step.NoLabel
		return ""
	}
	return label
}

// pathsWith returns the paths of a release's values that are equal to a text, sorted. A key
// with a dot is left out.
func pathsWith(values map[string]any, below, text string) []string {
	var list []string
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if strings.Contains(key, ".") {
			continue
		}
		switch v := values[key].(type) {
		case map[string]any:
			list = append(list, pathsWith(v, below+key+".", text)...)
		case string:
			if v == text {
				list = append(list, below+key)
			}
		}
	}
	return list
}

// onlyLabelChanges returns an error unless two manifests differ only by the label
// istio.io/rev, and of templates only by that of the workload, which has the wanted value.
func onlyLabelChanges(before, after []*unstructured.Unstructured, w writtenLabel, want string) error {
	rest := map[string]*unstructured.Unstructured{}
	for _, o := range after {
		rest[objectOf(o).String()] = o
	}
	for _, o := range before {
		name := objectOf(o).String()
		other, is := rest[name]
		delete(rest, name)
		switch {
		case !is:
			return fmt.Errorf("would delete %s", name)
		case !reflect.DeepEqual(withoutLabel(o, true).Object, withoutLabel(other, true).Object):
			return fmt.Errorf("would change more of %s than its label %s", name, revisionLabel)
		case w.in([]*unstructured.Unstructured{o}) == nil &&
			!reflect.DeepEqual(withoutLabel(o, false).Object, withoutLabel(other, false).Object):
			return fmt.Errorf("would change the template of %s too", name)
		}
	}
	if created := slices.Sorted(maps.Keys(rest)); len(created) > 0 {
		return fmt.Errorf("would create %s", strings.Join(created, ", "))
	}
	if own := w.in(after); own == nil || templateLabel(own) != want {
		return fmt.Errorf("does not change the label %s of its template", revisionLabel)
	}
	return nil
}

// withoutLabel returns a copy of an object without its label istio.io/rev, and that of its
// template.
func withoutLabel(o *unstructured.Unstructured, template bool) *unstructured.Unstructured {
	o = o.DeepCopy()
	paths := [][]string{{"metadata"}}
	if template {
		paths = append(paths, []string{"spec", "template", "metadata"})
	}
	for _, path := range paths {
		labels, is, _ := unstructured.NestedMap(o.Object, append(path, "labels")...)
		if !is {
			continue
		}
		delete(labels, revisionLabel)
		if err := unstructured.SetNestedMap(o.Object, labels, append(path, "labels")...); err != nil {
			continue
		}
	}
	return o
}

// objectsOf returns the objects of a release's manifest.
func objectsOf(r *release.Release) ([]*unstructured.Unstructured, error) {
	return HelmInstaller{Root: r.Namespace, Chart: Chart{Ref: r.Chart.Name()}}.manifestObjects(r.Manifest)
}

// render renders the chart of a release with other values, as an upgrade would.
func (r *Releases) render(ctx context.Context, base *release.Release, values map[string]any) ([]*unstructured.Unstructured, error) {
	found, err := copyOfChart(base.Chart)
	if err != nil {
		return nil, err
	}
	rendering := action.NewInstall(action.NewConfiguration(action.ConfigurationSetLogger(discardLogs)))
	rendering.DryRunStrategy, rendering.ReleaseName, rendering.Namespace = action.DryRunClient, base.Name, base.Namespace
	rendering.IsUpgrade, rendering.SkipSchemaValidation = true, true
	asked, err := r.asked()
	if err != nil {
		return nil, err
	}
	rendering.KubeVersion, rendering.APIVersions = asked.version, asked.apis
	rendered, err := rendering.RunWithContext(ctx, found, runtime.DeepCopyJSON(values))
	if err != nil { // its text may have values
		return nil, fmt.Errorf("cannot be rendered: see why with `helm upgrade --dry-run` of %s in namespace %s", base.Name, base.Namespace)
	}
	result, is := rendered.(*release.Release)
	if !is {
		return nil, fmt.Errorf("cannot be rendered: Helm answered with %T", rendered)
	}
	return objectsOf(result)
}

// asked returns what charts ask about the cluster. It is asked once.
func (r *Releases) asked() (capabilities, error) {
	if r.capabilities != nil {
		return *r.capabilities, nil
	}
	version, err := r.api.Discovery().ServerVersion()
	if err != nil {
		return capabilities{}, fmt.Errorf("read the version of the cluster: %w", err)
	}
	apis, err := action.GetVersionSet(r.api.Discovery())
	if err != nil {
		return capabilities{}, fmt.Errorf("read the APIs of the cluster: %w", err)
	}
	r.capabilities = &capabilities{apis: apis,
		version: &chartcommon.KubeVersion{Version: version.GitVersion, Major: version.Major, Minor: version.Minor}}
	return *r.capabilities, nil
}

// copyOfChart returns a copy of a stored chart: rendering changes its values. Numbers are
// exact, as in the chart that was loaded from its files.
func copyOfChart(c *chart.Chart) (*chart.Chart, error) {
	content, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("copy chart %s: %w", c.Name(), err)
	}
	copied := &chart.Chart{}
	if err := json.Unmarshal(content, copied); err != nil {
		return nil, fmt.Errorf("copy chart %s: %w", c.Name(), err)
	}
	if copied.Metadata == nil {
		return nil, errors.New("its chart is not stored")
	}
	if copied.Values != nil {
		copied.Values, err = withExactNumbers(copied.Values)
	}
	return copied, err
}
