// SPDX-License-Identifier: Apache-2.0

package serve

import "net/http"

// Ready answers a readiness probe: 200 when the question comes back nil, else 503 and why.
func Ready(ready func() error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ready\n"))
	})
}

// Always is ready as soon as it listens.
func Always() error { return nil }
