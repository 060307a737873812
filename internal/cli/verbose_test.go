// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"strings"
	"testing"

	"k8s.io/klog/v2"

	"github.com/rerig/rerig/internal/run"
)

func TestVerboseShowsWhatTheClientLogs(t *testing.T) {
	for _, c := range []struct {
		line          string
		errors, lines bool
	}{
		{"inventory", false, false},
		{"inventory -v 0", true, false},
		{"inventory --verbose=4", true, true},
	} {
		t.Run(c.line, func(t *testing.T) {
			p := shop()
			var out, err strings.Builder
			code := runCommand(t.Context(), strings.Fields(c.line), Streams{In: strings.NewReader(""), Out: &out, Err: &err},
				func(*app) (run.Cluster, error) {
					klog.ErrorS(errors.New("connection refused"), "watch of pods ended")
					klog.V(4).InfoS("GET https://cluster/api")
					return p, nil
				}, &instantClock{now: noon})
			if code != exitDone {
				t.Fatalf("got exit code %d, want %d: %s", code, exitDone, err.String())
			}
			if got := strings.Contains(err.String(), "watch of pods ended"); got != c.errors {
				t.Errorf("got errors shown %t, want %t: %s", got, c.errors, err.String())
			}
			if got := strings.Contains(err.String(), "GET https://cluster/api"); got != c.lines {
				t.Errorf("got details shown %t, want %t: %s", got, c.lines, err.String())
			}
		})
	}
}
