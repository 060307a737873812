// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// istiod rejects a pod for the first template that it does not have. Pods that no webhook
// injects are not sent to it.
func TestMissingTemplates(t *testing.T) {
	offered := InjectorConfig{
		Templates: map[string]string{"sidecar": "…", "logs": "…"},
		Aliases:   map[string][]string{"all": {"sidecar", "logs"}, "more": {"sidecar", "audit"}},
		Defaults:  []string{"sidecar"},
	}.Offered()
	workload := func(name, asked string, labels map[string]string) Workload {
		return Workload{Kind: Deployment, Namespace: "shop", Name: name,
			Template: Template{Labels: labels, Annotations: map[string]string{TemplatesAnnotation: asked}}}
	}
	w := World{
		Namespaces: []Namespace{{Name: "shop", Labels: map[string]string{RevisionLabel: "1-29-1"}}},
		Webhooks:   []Webhook{{Revision: "1-29-1", Namespaces: Selector{{Key: RevisionLabel, Operator: In, Values: []string{"1-29-1"}}}}},
		Workloads: []Workload{
			workload("alias", "all", nil),
			workload("broken-alias", "more", nil),
			workload("empty", "", nil),
			workload("known", "sidecar, logs", nil),
			{Kind: Deployment, Namespace: "shop", Name: "none"},
			workload("out", "audit", map[string]string{SidecarLabel: "false"}),
			workload("unknown", "sidecar,audit", nil),
		},
	}
	w.Sort()
	want := []TemplateRequest{
		{Workload: "Deployment shop/broken-alias", Asked: "more", Missing: []string{"more"}},
		{Workload: "Deployment shop/empty", Missing: []string{""}},
		{Workload: "Deployment shop/unknown", Asked: "sidecar,audit", Missing: []string{"audit"}},
	}
	if diff := cmp.Diff(want, w.MissingTemplates([]string{"shop", "gone"}, offered)); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}
