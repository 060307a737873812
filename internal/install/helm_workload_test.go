// SPDX-License-Identifier: Apache-2.0

package install

import (
	"path/filepath"
	"strings"
	"testing"

	chartcommon "helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/release/common"
	release "helm.sh/helm/v4/pkg/release/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// gatewayValues are values of the chart gateway, with one that is secret.
func gatewayValues(more values) values {
	v := values{"revision": "1-29-1", "replicaCount": 2, "autoscaling": values{"enabled": false},
		"labels": values{"app": "edge", "istio": "edge"}, "env": values{"PASSWORD": "hunter2", "LIMIT": 100000000}}
	for key, value := range more {
		v[key] = value
	}
	return v
}

// gatewayChart returns Istio's chart gateway of a version.
func gatewayChart(t *testing.T, version string) *chart.Chart {
	t.Helper()
	return loadChart(t, filepath.Join(filepath.Dir(realChart(t, version)), "gateway"))
}

// releasesFor returns releases of a cluster that has the objects of a release.
func releasesFor(t *testing.T, r *release.Release, change func(live []*unstructured.Unstructured)) *Releases {
	t.Helper()
	live, err := objectsOf(r)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(live)
	}
	return &Releases{reader: clusterReader{client: fakeCluster(live...)},
		capabilities: &capabilities{version: &chartcommon.DefaultCapabilities.KubeVersion, apis: chartcommon.DefaultVersionSet}}
}

// held changes a live Deployment as a held rollout, the API server and another tool do.
func held(live []*unstructured.Unstructured) {
	for _, o := range live {
		if o.GetKind() == "Deployment" {
			_ = unstructured.SetNestedField(o.Object, int64(2592000), "spec", "minReadySeconds")
			_ = unstructured.SetNestedField(o.Object, int64(5184000), "spec", "progressDeadlineSeconds")
			_ = unstructured.SetNestedField(o.Object, "100%", "spec", "strategy", "rollingUpdate", "maxSurge")
			_ = unstructured.SetNestedField(o.Object, int64(10), "spec", "revisionHistoryLimit")
			_ = unstructured.SetNestedField(o.Object, "x", "metadata", "annotations", "rerig.dev/held-rollout")
		}
	}
}

func setLive(kind string, value any, path ...string) func([]*unstructured.Unstructured) {
	return func(live []*unstructured.Unstructured) {
		for _, o := range live {
			if o.GetKind() == kind {
				_ = unstructured.SetNestedField(o.Object, value, path...)
			}
		}
	}
}

var edge = writtenLabel{namespace: "istio-system", workload: "mesh", live: "1-29-1", want: "1-31-0"}

// The label of Istio's chart gateway is written by its value revision, which changes nothing else.
func TestLabelIsWrittenByTheChartGateway(t *testing.T) {
	for _, version := range []string{"1.29.1", "1.31.0"} {
		r := releaseOf(t, gatewayChart(t, version), gatewayValues(nil))
		p, err := releasesFor(t, r, held).plan(t.Context(), releaseHistory{base: r, last: r}, edge)
		if err != nil {
			t.Fatalf("%s: got %v, want a plan", version, err)
		}
		if own := edge.in(p.manifest); p.path != "revision" || templateLabel(own) != "1-31-0" {
			t.Errorf("%s: got value %s and label %s", version, p.path, templateLabel(own))
		}
		if got, want := len(p.manifest), strings.Count(r.Manifest, "\nkind: "); got != want {
			t.Errorf("%s: got %d objects, want %d", version, got, want)
		}
		if p.values["revision"] != "1-31-0" || r.Config["revision"] != "1-29-1" || r.Chart.Metadata.Version != version {
			t.Errorf("%s: got values %v; the release has %v", version, p.values, r.Config)
		}
	}
}

// A release of which an upgrade would change anything else is not upgraded.
func TestReleasesThatAreNotUpgraded(t *testing.T) {
	tests := []struct {
		name   string
		given  values
		change func(*release.Release)
		live   func([]*unstructured.Unstructured)
		label  writtenLabel
		want   string
	}{
		{name: "a strategy", given: values{"strategy": values{"rollingUpdate": values{"maxSurge": "50%"}}}, want: "its chart sets spec.strategy"},
		{name: "seconds to be available", given: values{"minReadySeconds": 5}, want: "its chart sets spec.minReadySeconds"},
		{name: "scaled since", live: setLive("Deployment", int64(5), "spec", "replicas"), want: "Deployment istio-system/mesh was changed"},
		{name: "a Service changed since", live: setLive("Service", "ClusterIP", "spec", "type"), want: "Service istio-system/mesh was changed"},
		{name: "a label that another field manager owns", change: func(r *release.Release) { r.ApplyMethod = "ssa" },
			live: func(live []*unstructured.Unstructured) {
				for _, o := range live {
					o.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "Terraform", Operation: "Apply", FieldsType: "FieldsV1",
						FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:template":{"f:metadata":{"f:labels":{"f:istio.io/rev":{}}}}}}`)}})
				}
			}, want: "the field manager Terraform owns the label istio.io/rev"},
		{name: "another live label", label: writtenLabel{namespace: "istio-system", workload: "mesh", live: "1-30-0"},
			want: `it renders istio.io/rev="1-29-1", and the live template has "1-30-0"`},
		{name: "not of this release", label: writtenLabel{namespace: "istio-system", workload: "other", live: "1-29-1"},
			want: "does not have Deployment istio-system/other"},
		{name: "a manifest that was rewritten", change: func(r *release.Release) {
			r.Manifest = strings.Replace(r.Manifest, "port: 443", "port: 444", 1)
		}, want: "would change more of Service istio-system/mesh than its label"},
		{name: "a hook", change: func(r *release.Release) {
			r.Hooks = []*release.Hook{{Name: "migrate", Events: []release.HookEvent{release.HookPreUpgrade}}}
		}, want: "would run the hook migrate"},
		{name: "a chart that cannot be rendered", change: func(r *release.Release) {
			r.Chart.Templates = append(r.Chart.Templates, &chartcommon.File{Name: "templates/x.yaml",
				Data: []byte(`{{ fail .Values.env.PASSWORD }}`)})
		}, want: "cannot be rendered"},
		{name: "a chart with dependencies", change: func(r *release.Release) {
			r.Chart.Metadata.Dependencies = []*chart.Dependency{{Name: "common"}}
		}, want: "without its dependencies (common)"},
		{name: "the value renders another template", change: func(r *release.Release) {
			const second = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: second}\nspec: {template: {metadata: {labels: {istio.io/rev: "
			r.Chart.Templates = append(r.Chart.Templates, &chartcommon.File{Name: "templates/y.yaml",
				Data: []byte(second + `"{{ .Values.revision }}"}}}}`)})
			r.Manifest += "\n---\n" + second + `"1-29-1"}}}}`
		}, want: "would change the template of Deployment istio-system/second too"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := releaseOf(t, gatewayChart(t, "1.29.1"), gatewayValues(tt.given))
			found := releasesFor(t, r, tt.live)
			if tt.change != nil {
				tt.change(r)
			}
			if tt.label.workload == "" {
				tt.label = edge
			}
			_, err := found.plan(t.Context(), releaseHistory{base: r, last: r}, tt.label)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

// A version that a killed run left has the new label, which is then the live one.
func TestUnfinishedUpgradeIsPlannedAgain(t *testing.T) {
	base, last := releaseOf(t, gatewayChart(t, "1.29.1"), gatewayValues(nil)),
		releaseOf(t, gatewayChart(t, "1.29.1"), gatewayValues(values{"revision": "1-31-0"}))
	last.Info.Status = common.StatusPendingUpgrade
	live := edge
	live.live = "1-31-0"
	h := releaseHistory{base: base, last: last, unfinished: last}
	for _, want := range []string{"1-31-0", "1-29-1"} {
		live.want = want
		if _, err := releasesFor(t, last, held).plan(t.Context(), h, live); err != nil {
			t.Errorf("to %s: got %v, want a plan", want, err)
		}
	}
}

// A label that a value of another name renders is found by its value.
func TestValueOfAnotherNameIsFound(t *testing.T) {
	given := gatewayValues(values{"controlPlane": values{"name": "1-29-1"}})
	delete(given, "revision")
	c := gatewayChart(t, "1.29.1")
	c.Schema = nil
	for _, f := range c.Templates {
		f.Data = []byte(strings.ReplaceAll(string(f.Data), ".Values.revision", ".Values.controlPlane.name"))
	}
	r := releaseOf(t, c, given)
	p, err := releasesFor(t, r, nil).plan(t.Context(), releaseHistory{base: r, last: r}, edge)
	if err != nil || p.path != "controlPlane.name" {
		t.Errorf("got value %q and %v, want controlPlane.name", p.path, err)
	}
}

// Only a version that a run has begun is continued: versions by others inherit its label.
func TestOnlyVersionsOfARunAreContinued(t *testing.T) {
	tests := []struct {
		name   string
		status common.Status
		change func(*release.Release)
		want   string // an error, "" for none
	}{
		{name: "pending", status: common.StatusPendingUpgrade, change: func(*release.Release) {}},
		{name: "failed", status: common.StatusFailed, change: func(*release.Release) {}},
		{name: "pending, without the label", status: common.StatusPendingUpgrade, change: func(r *release.Release) { r.Labels = nil },
			want: "its version 2 is pending-upgrade since"},
		{name: "pending, with another chart", status: common.StatusPendingUpgrade,
			change: func(r *release.Release) { r.Chart.Metadata.Version = "9.9.9" }, want: "helm rollback mesh -n istio-system"},
		{name: "pending, with more values", status: common.StatusPendingUpgrade,
			change: func(r *release.Release) { r.Config["replicaCount"] = 5 }, want: "Rerig did not start that"},
		{name: "failed, without the label", status: common.StatusFailed, change: func(r *release.Release) { r.Labels = nil },
			want: "its newest version 2 is failed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base := releaseOf(t, loadChart(t, "testdata/charts/istiod"), values{"revision": "1-29-1", "replicaCount": 2})
			last := releaseOf(t, loadChart(t, "testdata/charts/istiod"), values{"revision": "1-31-0", "replicaCount": 2})
			last.Version, last.Info.Status, last.Labels = 2, tt.status, map[string]string{releaseRunLabel: "to-1-31-0"}
			tt.change(last)
			stored := secretOf(t, last)
			for key, value := range last.Labels {
				stored.Labels[key] = value
			}
			found, err := NewReleases(serveHelmSecrets(t, secretOf(t, base), stored), nil)
			if err != nil {
				t.Fatal(err)
			}
			h, err := found.history("istio-system", "mesh")
			switch {
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want an error with %q", err, tt.want)
			case tt.want == "" && (err != nil || h.unfinished == nil || h.base.Version != 1):
				t.Errorf("got %v and %+v, want version 2 to be continued", err, h)
			}
		})
	}
}
