// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"encoding/json"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
)

// Scripts see the names of pods, and nothing of how pods are observed.
func TestActionAsJSON(t *testing.T) {
	action := Action{Kind: Exchange, Pod: mesh.Pod{Name: "web-1", UID: "u1"}, Other: mesh.Pod{Name: "web-0"}}
	got, err := json.Marshal(action)
	if want := `{"kind":"exchange","pod":"web-1","other":"web-0"}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}
