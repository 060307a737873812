// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"net/http"
	"strings"
	"testing"
	"time"
)

// testConditionalRestart lets another tool write the Deployment between the
// observation and the patch, and between the read and the patch.
func testConditionalRestart(t *testing.T, c *fixture, admin *rest.Config) {
	createNamespace(t, c, "conditional", nil)
	labels := map[string]string{"app": "web"}
	deployments := c.api.AppsV1().Deployments("conditional")
	_, err := deployments.Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template(labels)},
	}, byOthers)
	if err != nil {
		t.Fatal(err)
	}
	patch := func(text string) {
		t.Helper()
		_, err := deployments.Patch(
			context.Background(),
			"web",
			types.MergePatchType,
			[]byte(text),
			metav1.PatchOptions{FieldManager: byOthers.FieldManager},
		)
		if err != nil {
			t.Error(err)
		}
	}
	restart := func(run string) step.Change {
		t.Helper()
		d, err := deployments.Get(t.Context(), "web", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		changes, err := plan.Render(step.Step{Kind: step.Restart, Subject: "Deployment conditional/web"}, step.Target{Run: run}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		changes[0].Expect = hashOf(&d.Spec.Template)
		return changes[0]
	}
	run := func() string {
		d, err := deployments.Get(t.Context(), "web", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return d.Spec.Template.Annotations["rerig.dev/run"]
	}
	if err := c.Write(t.Context(), restart("first")); err != nil || run() != "first" {
		t.Errorf("an unchanged template: got %v, run %q", err, run())
	}
	old := restart("second")
	patch(`{"spec":{"template":{"metadata":{"annotations":{"theirs":"1"}}}}}`)
	if err := c.Write(t.Context(), old); !errors.Is(err, engine.ErrConflict) || run() != "first" {
		t.Errorf("a template that changed since: got %v, run %q", err, run())
	}
	for _, race := range []struct {
		name, theirs string
		conflict     bool
	}{
		{"another field", `{"metadata":{"labels":{"theirs":"x"}}}`, false},
		{"the template", `{"spec":{"template":{"metadata":{"annotations":{"theirs":"2"}}}}}`, true},
	} {
		between, raced := &recorder{}, false
		between.before = func(r *http.Request) {
			if r.Method == http.MethodPatch && strings.HasSuffix(r.URL.Path, "/deployments/web") && !raced {
				raced = true
				patch(race.theirs)
			}
		}
		change := restart(strings.ReplaceAll(race.name, " ", "-"))
		err := connected(t, between.on(admin)).Write(t.Context(), change)
		if !raced || errors.Is(err, engine.ErrConflict) != race.conflict || (err != nil) != race.conflict {
			t.Errorf("%s changed between the read and the patch: got %v", race.name, err)
		}
	}
	if got := run(); got != "another-field" {
		t.Errorf("after the races: got run %q", got)
	}
}

// A patch of another project's kind depends on its restart annotations, one of a
// Rollout on its template and the time of its restart.
func TestConditionalPatchOfOtherKinds(t *testing.T) {
	for _, tc := range []struct {
		name     string
		change   step.Change
		object   string
		expected string
		other    string
	}{
		{
			"a custom kind", step.Change{Kind: "StatefulSet.apps.kruise.io", API: "apps.kruise.io/v1beta1"},
			`{"metadata":{"name":"x","namespace":"shop","resourceVersion":"7",
				"annotations":{"rerig.dev/restarted-at":"2026-11-24T12:00:00Z"}},"spec":{"replicas":1}}`,
			"2026-11-24T12:00:00Z", "2026-11-24T11:00:00Z",
		},
		{
			"a Rollout", step.Change{Kind: "Rollout", API: argoAPI},
			`{"metadata":{"name":"x","namespace":"shop","resourceVersion":"7"},
				"spec":{"replicas":1,"restartAt":"2026-11-24T12:00:00Z","template":{"metadata":{"labels":{"app":"x"}}}}}`,
			"", "other",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := &objectServer{object: tc.object}
			c := connected(t, server.start(t))
			tc.change.Verb, tc.change.Namespace, tc.change.Name, tc.change.Patch = step.Patch, "shop", "x", []byte(
				`{"metadata":{"annotations":{"a":"b"}}}`,
			)
			if tc.expected == "" {
				hash, _, err := c.writer().observedTemplate(t.Context(), tc.change)
				if err != nil || !strings.HasSuffix(hash, " 2026-11-24T12:00:00Z") {
					t.Fatalf("got digest %q, %v", hash, err)
				}
				tc.expected = hash
			}
			tc.change.Expect = tc.other
			if err := c.Write(t.Context(), tc.change); !errors.Is(err, engine.ErrConflict) || server.patch != "" {
				t.Errorf("another digest: got %v, patch %s", err, server.patch)
			}
			tc.change.Expect = tc.expected
			if err := c.Write(t.Context(), tc.change); err != nil || !strings.Contains(server.patch, `"resourceVersion":"7"`) {
				t.Errorf("the expected digest: got %v, patch %s", err, server.patch)
			}
		})
	}
}
