// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"
	"testing"

	"github.com/rerig/rerig/internal/step"
)

func TestVocabularyHasEveryStepKind(t *testing.T) {
	for _, kind := range step.Kinds() {
		words, known := vocabulary[kind]
		switch {
		case !known:
			t.Errorf("kind %s: got no entry, want one", kind)
			continue
		case words.verb == "" || words.done == nil:
			t.Errorf("kind %s: got no verb or no line once it is done, want both", kind)
		case words.phase == "" && words.state == "":
			t.Errorf("kind %s: got nothing for the live view, want a phase or a state", kind)
		case words.state != "" && words.row == nil && words.sum == nil:
			t.Errorf("kind %s of waves: got neither row nor sum in a plan, want one", kind)
		}
		isCounted := kind.Changes() && kind != step.Define
		if got := words.counted[0] != ""; got != isCounted {
			t.Errorf("kind %s in the totals: got %t, want %t", kind, got, isCounted)
		}
	}
	for kind := range vocabulary {
		if !slices.Contains(step.Kinds(), kind) {
			t.Errorf("kind %s: got an entry, want none", kind)
		}
	}
}

func TestStepLines(t *testing.T) {
	for _, c := range []struct {
		name string
		step step.Step
		want string
	}{
		{name: "install", step: step.Step{Kind: step.Install, Subject: "1-31-0", To: "1.31.0"}, want: "install revision 1-31-0"},
		{name: "label", step: step.Step{Kind: step.Label, Subject: "shop", From: "none", To: "istio.io/rev=1-31-0"},
			want: "label Namespace shop: none -> istio.io/rev=1-31-0"},
		{name: "tag", step: step.Step{Kind: step.Tag, Subject: "prod", From: "1-29-1", To: "1-31-0"}, want: "tag prod: 1-29-1 -> 1-31-0"},
		{name: "default revision", step: step.Step{Kind: step.Tag, Subject: "default", From: "1-29-1", To: "1-31-0"},
			want: "tag the default revision: 1-29-1 -> 1-31-0"},
		{name: "trial", step: step.Step{Kind: step.Trial, Subject: "Deployment shop/web", From: "in-service", To: "1-31-0"},
			want: "trial Deployment shop/web: in-service on 1-31-0"},
		{name: "parked pods", step: step.Step{Kind: step.DeleteParked, Subject: "Deployment shop/web", To: "1-31-0"},
			want: "delete parked pods of Deployment shop/web"},
		{name: "removal", step: step.Step{Kind: step.Remove, Subject: "ConfigMap istio-system/istio-1-29-1", From: "uid", To: "1-29-1"},
			want: "remove ConfigMap istio-system/istio-1-29-1: of revision 1-29-1, once nothing refers to it"},
		{name: "removal by another tool", step: step.Step{Kind: step.Remove, Subject: "revision 1-29-1", To: "1-29-1", By: "Argo CD"},
			want: "remove revision 1-29-1: removed by Argo CD, which the run waits for"},
		{name: "stuck pod", step: step.Step{Kind: step.EvictStuckPod, Subject: "StatefulSet shop/db", From: "db-1 uid", To: "1-29-1"},
			want: "evict StatefulSet shop/db: pod db-1"},
		{name: "soak", step: step.Step{Kind: step.Soak, Subject: "shop", To: "1m0s"}, want: "soak shop"},
		{name: "verification", step: step.Step{Kind: step.Verify, Subject: "Deployment shop/web", To: "1-31-0"},
			want: "verify Deployment shop/web"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := stepLine(c.step); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
