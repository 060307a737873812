// SPDX-License-Identifier: Apache-2.0

package install

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// valuesConfigMap returns the ConfigMap in which Istio's chart stores a revision's values.
func valuesConfigMap(name, values string) *unstructured.Unstructured {
	o := object("v1", "ConfigMap", "istio-system", name)
	o.Object["data"] = map[string]any{"original-values": values, "merged-values": "{}"}
	return o
}

const oldValues = `{"revision": "1-29-1", "revisionTags": ["prod"], "defaultRevision": "", "ownerName": "x",
"base": {"enableIstioConfigCRDs": true},
"gateways": {"istio-ingressgateway": {}}, "global": {"hub": "docker.io/istio", "tag": "1.29.1", "proxy": {"logLevel": "warning"}},
"hub": "example.com/mine", "pilot": {"tag": "1.29.1-distroless", "env": {"A": "b"}, "replicaCount": 3},
"meshConfig": {"accessLogFile": "/dev/stdout"}}`

// The values of the revision in use are inherited, except those specific to it.
func TestValuesAreInherited(t *testing.T) {
	i := helmInstaller(map[string]any{"meshConfig": map[string]any{"accessLogFile": "/dev/null"}})
	i.RevisionsInUse, i.Cluster = []string{"1-29-1", "1-31-0"}, fakeCluster(valuesConfigMap("values-1-29-1", oldValues))
	d := Draft{Revision: "1-31-0"}
	if err := i.inheritValues(t.Context(), &d, helmTask{}); err != nil {
		t.Fatal(err)
	}
	want := []string{"global.proxy.logLevel=warning", "hub=example.com/mine", "meshConfig.accessLogFile=/dev/stdout", "pilot.env.A=b",
		"pilot.replicaCount=3"}
	if diff := cmp.Diff(want, d.Inherited.Lines()); diff != "" || d.Inherited.From != "ConfigMap istio-system/values-1-29-1" {
		t.Errorf("from %q:\n%s", d.Inherited.From, diff)
	}
	const note = "not inherited: revisionTags ([prod]), global.tag (1.29.1), pilot.tag (1.29.1-distroless)"
	if !strings.Contains(strings.Join(d.Notes, ""), note) {
		t.Errorf("notes %q", d.Notes)
	}
	values, err := i.values(d, chartLayout{})
	if err != nil {
		t.Fatal(err)
	}
	mine, _, _ := unstructured.NestedString(values, "meshConfig", "accessLogFile")
	replicas, _, _ := unstructured.NestedInt64(values, "pilot", "replicaCount")
	if mine != "/dev/null" || replicas != 3 || values["revision"] != "1-31-0" || len(values["revisionTags"].([]any)) != 0 {
		t.Errorf("values %v", values)
	}
}

// A full image reference is specific to one version, like a tag; an image name is not.
func TestOldImagesAreNotInherited(t *testing.T) {
	const values = `{"global": {"proxy": {"image": "example.com/istio/proxyv2:1.29.1"}, 
		"proxy_init": {"image": "example.com:5000/proxyv2@sha256:0123"}},
		"pilot": {"image": "example.com/istio/pilot:1.29.1"}, "image": "pilot"}`
	i := helmInstaller(nil)
	i.RevisionsInUse, i.Cluster = []string{"1-29-1"}, fakeCluster(valuesConfigMap("values-1-29-1", values))
	d := Draft{Revision: "1-31-0"}
	if err := i.inheritValues(t.Context(), &d, helmTask{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"image=pilot"}, d.Inherited.Lines()); diff != "" {
		t.Error(diff)
	}
	const note = "not inherited: pilot.image (example.com/istio/pilot:1.29.1), global.proxy.image (example.com/istio/proxyv2:1.29.1), " +
		"global.proxy_init.image (example.com:5000/proxyv2@sha256:0123)"
	if !slices.Contains(d.Notes, note) {
		t.Errorf("notes %q", d.Notes)
	}
}

// No value sends the new revision's proxies to the old istiod.
func TestOldIstiodAddressesAreNotInherited(t *testing.T) {
	const values = `{"global": {"caAddress": "istiod-1-29-1.istio-system.svc:15012",
		"remotePilotAddress": "istiod-1-29-10.istio-system.svc", "hub": "istiod-1-29-1"},
		"meshConfig": {"defaultConfig": {"discoveryAddress": "istiod-1-29-1.istio-system.svc.cluster.local:15012", "concurrency": 2},
		"extensionProviders": [{"envoyExtAuthz": {"service": "istiod-1-29-1.istio-system.svc"}}]}}`
	i := helmInstaller(nil)
	i.RevisionsInUse, i.Cluster = []string{"1-29-1"}, fakeCluster(valuesConfigMap("values-1-29-1", values))
	d := Draft{Revision: "1-31-0"}
	if err := i.inheritValues(t.Context(), &d, helmTask{}); err != nil {
		t.Fatal(err)
	}
	want := []string{"global.hub=istiod-1-29-1", "global.remotePilotAddress=istiod-1-29-10.istio-system.svc",
		"meshConfig.defaultConfig.concurrency=2",
		"meshConfig.extensionProviders=[map[envoyExtAuthz:map[service:istiod-1-29-1.istio-system.svc]]]"}
	if diff := cmp.Diff(want, d.Inherited.Lines()); diff != "" {
		t.Error(diff)
	}
	notes := strings.Join(d.Notes, "\n")
	for _, said := range []string{"not inherited: global.caAddress (istiod-1-29-1.istio-system.svc:15012), " +
		"meshConfig.defaultConfig.discoveryAddress (istiod-1-29-1.istio-system.svc.cluster.local:15012)",
		"inherited value meshConfig.extensionProviders mentions istiod-1-29-1"} {
		if !strings.Contains(notes, said) {
			t.Errorf("notes %s do not contain %q", notes, said)
		}
	}
}

func TestInheritedRevisionIsSelected(t *testing.T) {
	one, two := valuesConfigMap("values-1-29-1", `{"a": 1}`), valuesConfigMap("values", `{"b": 2}`)
	tests := []struct {
		name    string
		serving []string
		inherit string
		want    string
		fault   string
		note    string
	}{
		{name: "the one in use", serving: []string{"1-29-1"}, want: "a=1"},
		{name: "without a revision", serving: []string{"default"}, want: "b=2"},
		{name: "none in use", serving: []string{"1-31-0"}},
		{name: "nothing left", serving: []string{"1-20-0"}, note: "revision 1-20-0 has no stored values"},
		{name: "two in use", serving: []string{"1-29-1", "default"}, fault: "--inherit"},
		{name: "the named one", serving: []string{"1-29-1", "default"}, inherit: "default", want: "b=2"},
		{name: "a misspelt one", serving: []string{"1-29-1"}, inherit: "1-29-l",
			fault: "Revisions in use: 1-29-1. Correct --inherit, or use only the chart's values and yours with --inherit none"},
		{name: "none asked for", serving: []string{"1-29-1"}, inherit: InheritNone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := helmInstaller(nil)
			i.RevisionsInUse, i.Chart.InheritFrom, i.Cluster = tt.serving, tt.inherit, fakeCluster(one, two)
			d := Draft{Revision: "1-31-0"}
			err := i.inheritValues(t.Context(), &d, helmTask{})
			if tt.fault != "" && (err == nil || !strings.Contains(err.Error(), tt.fault)) || tt.fault == "" && err != nil {
				t.Errorf("%v", err)
			}
			got := ""
			if d.Inherited != nil {
				got = strings.Join(d.Inherited.Lines(), " ")
			}
			if got != tt.want || !strings.Contains(strings.Join(d.Notes, ""), tt.note) {
				t.Errorf("%q, notes %q", got, d.Notes)
			}
		})
	}
}

// The approved values are used, whatever the cluster contains later.
func TestApprovedValuesAreNotReadAgain(t *testing.T) {
	i := helmInstaller(nil)
	i.RevisionsInUse, i.Cluster = []string{"1-29-1"}, fakeCluster(valuesConfigMap("values-1-29-1", `{"a": 1}`))
	i.Chart.Inherited = &InheritedValues{From: "then", Values: map[string]any{"a": int64(2)}}
	d := Draft{Revision: "1-31-0"}
	err := i.inheritValues(t.Context(), &d, helmTask{})
	if err != nil || d.Inherited.From != "then" || strings.Join(d.Inherited.Lines(), "") != "a=2" {
		t.Errorf("%v, %+v", err, d.Inherited)
	}
}
