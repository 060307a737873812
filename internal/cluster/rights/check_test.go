// SPDX-License-Identifier: Apache-2.0

package rights

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/record"
)

// Rights on definitions are needed by the run that writes the definition, and by
// no other.
func TestNeededLeavesOutServedDefinition(t *testing.T) {
	for _, tc := range []struct {
		name   string
		status int
		writes bool
		want   bool
	}{
		{"not defined", http.StatusNotFound, true, true},
		{"defined", http.StatusOK, true, false},
		{"read only", http.StatusNotFound, false, false},
		{"server error", http.StatusInternalServerError, true, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(tc.status) }))
			defer server.Close()
			api, err := client.New(&rest.Config{Host: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			c := NewChecker(api, record.NewStore(api, "istio-system", time.Now), "istio-system")
			list, err := c.Needed(t.Context(), Purpose{Writes: tc.writes})
			if (err != nil) != (tc.status == http.StatusInternalServerError) {
				t.Errorf("got error %v", err)
			}
			if got := slices.Contains(list, defining[0]); got != tc.want {
				t.Errorf("needs rights on definitions: got %v, want %v", got, tc.want)
			}
			if got := slices.Contains(list, labeling[1]); got != tc.writes {
				t.Errorf("needs rights to label namespaces: got %v, want %v", got, tc.writes)
			}
		})
	}
}
