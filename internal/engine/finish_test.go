// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"testing"

	"github.com/rerig/rerig/internal/step"
)

// `kubectl get meshupgrade` shows the message.
func TestRecordNamesTheCommitItWaitsFor(t *testing.T) {
	t.Parallel()
	s := step.Step{Kind: step.Label, Wave: 1, Subject: "shop-web", From: "istio-injection=enabled", To: "istio.io/rev=1-31-0",
		By: "Argo CD application shop"}
	is := turn{stages: []step.Stage{{Wave: 1, Kind: step.Label, Steps: []step.Step{s}}}}
	want := "waiting: " + s.ToCommit()
	if phase, got := is.phase(); phase != "Upgrading" || got != want {
		t.Errorf("%s: got %q, want %q", phase, got, want)
	}
	is.target.Rollback = true
	if phase, got := is.phase(); phase != "RollingBack" || got != want {
		t.Errorf("%s: got %q, want %q", phase, got, want)
	}
}
