// SPDX-License-Identifier: Apache-2.0

package clusterstatus

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const list = `{"items": [
 {"kind": "Node", "metadata": {"name": "lab-1"},
  "status": {"nodeInfo": {"kubeletVersion": "v1.34.4"}, "conditions": [{"type": "Ready", "status": "True"}]}},
 {"kind": "Pod", "metadata": {"namespace": "istio-system", "name": "istiod-x", "labels": {"app": "istiod", "istio.io/rev": "1-29-1"}},
  "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}},
 {"kind": "Pod", "metadata": {"namespace": "shop", "name": "web"}, "status": {"phase": "Pending",
  "initContainerStatuses": [{"name": "istio-proxy", "state": {"waiting": {"reason": "ErrImagePull"}}}]}},
 {"kind": "Pod", "metadata": {"namespace": "shop", "name": "job"}, "status": {"phase": "Succeeded"}},
 {"kind": "Pod", "metadata": {"namespace": "shop", "name": "cart"},
  "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}
]}`

func TestSummaryText(t *testing.T) {
	s, err := Parse([]byte(list))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	s.Print(&out)
	want := `node        lab-1 v1.34.4 ready
istiod      istiod-x revision 1-29-1 not ready
pods        3, 2 not ready
not ready   istio-system/istiod-x Running
not ready   shop/web Pending: istio-proxy: ErrImagePull
`
	if d := cmp.Diff(want, out.String()); d != "" {
		t.Error(d)
	}
}

func TestParseRejectsInvalidJSON(t *testing.T) {
	if _, err := Parse([]byte("error from server")); err == nil {
		t.Error("got no error for invalid JSON")
	}
}
