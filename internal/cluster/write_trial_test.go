// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"encoding/json"
	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
	"io"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"net/http"
	"net/http/httptest"
	"testing"
)

// The patch that lets a trial pod be scheduled is JSON, whatever the value that it
// restores.
func TestUngateWritesJSON(t *testing.T) {
	for _, tc := range []struct{ name, value string }{
		{"plain", "true"},
		{"quotes", `a"b\c`},
		{"a control character", "a\ab"},
		{"an invisible character", "a\u200bb"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{
				Name: "web-trial", Namespace: "shop", UID: "1", ResourceVersion: "7",
				Annotations: map[string]string{v1alpha1.AnnotationTrialInject: tc.value},
			}}
			pod.APIVersion, pod.Kind = "v1", "Pod"
			var patch []byte
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPatch {
					patch, _ = io.ReadAll(r.Body)
				}
				w.Header().Set("Content-Type", "application/json")
				_ = json.NewEncoder(w).Encode(pod)
			}))
			defer server.Close()
			c := connected(t, &rest.Config{Host: server.URL})
			if err := c.Write(t.Context(), step.Change{Verb: step.ScheduleTrial, Namespace: "shop", Name: "web-trial", Expect: "1"}); err != nil {
				t.Fatal(err)
			}
			var got struct {
				Metadata struct {
					ResourceVersion string            `json:"resourceVersion"`
					Labels          map[string]string `json:"labels"`
				} `json:"metadata"`
			}
			if err := json.Unmarshal(patch, &got); err != nil {
				t.Fatalf("%s: %v", patch, err)
			}
			if got.Metadata.Labels[mesh.SidecarLabel] != tc.value || got.Metadata.ResourceVersion != "7" {
				t.Errorf("got %s", patch)
			}
		})
	}
}
