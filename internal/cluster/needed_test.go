// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"k8s.io/client-go/rest"
)

// Rights on definitions are asked for by the run that has to put one there, and
// by no other.
func TestDefiningIsNeededOnlyWhereNothingIsDefined(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		writes bool
		want   bool
	}{
		"nothing is defined":      {http.StatusNotFound, true, true},
		"it is defined":           {http.StatusOK, true, false},
		"nothing is written":      {http.StatusNotFound, false, false},
		"the cluster is not well": {http.StatusInternalServerError, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(tc.status) }))
			defer server.Close()
			c, err := New(&rest.Config{Host: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			list, err := c.Needed(t.Context(), tc.writes)
			if (err != nil) != (tc.status == http.StatusInternalServerError) {
				t.Errorf("it ends with %v", err)
			}
			if got := slices.ContainsFunc(list, func(p Permission) bool { return p.Resource == definitions }); got != tc.want {
				t.Errorf("rights on definitions are asked for: %v, want %v", got, tc.want)
			}
			if got := slices.ContainsFunc(list, func(p Permission) bool { return p.Verb == "patch" && p.Resource == "namespaces" }); got != tc.writes {
				t.Errorf("rights to relabel are asked for: %v, want %v", got, tc.writes)
			}
		})
	}
}
