// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"context"
	"errors"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// TestDenied has an admission policy deny a restart in the middle of a run.
func TestDenied(t *testing.T) {
	l := hollow(t, "an admission policy denies a restart in mid-run: it is held by name, on record too, and goes on once the policy is gone; or its wave is put back")
	l.target(t, "")
	const words = "templates are frozen until Monday"
	for _, c := range []struct {
		name  string
		args  []string
		says  []string
		stand stand
	}{
		{"held", nil, []string{"WriteFailed", "Deployment shop-web/web"}, stand{"shop-data": oldRevision, "shop-core": oldRevision}},
		{"put back", []string{"--rollback-on-failure"}, []string{"WaveReverted", "wave 1 was rolled back"}, all(oldRevision)},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := moving(append(c.args, "--to", newRevision, "--soak", "0s", "--wave", "shop-web", "--wave", "shop-core,shop-data")...)
			lift := l.denies(t, "web", words)
			e := l.rerig(t, args...)
			e.exits(t, exitHeld)
			e.says(t, append(c.says, words)...)
			l.phase(t, "Held")
			l.rerig(t, "status").says(t, append(c.says, words)...)
			l.labelled(t, c.stand)
			lift()
			l.rerig(t, args...).exits(t, exitDone)
			l.stands(t, all(newRevision))
			l.rerig(t, back()...).exits(t, exitDone)
			l.stands(t, all(oldRevision))
		})
		l.forget(t)
	}
}

// denies has a policy deny each change of the template of Deployments of this
// name, and returns what lifts it.
func (l *lab) denies(t *testing.T, name, words string) (lift func()) {
	t.Helper()
	return l.policed(t, deployments, words, "object.metadata.name != '"+name+"' || object.spec.template == oldObject.spec.template", func() error {
		_, err := l.objects.Resource(deployments).Namespace("shop-web").Patch(t.Context(), name, types.MergePatchType,
			[]byte(`{"spec":{"template":{"metadata":{"annotations":{"tried":"yes"}}}}}`), metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	})
}

// policed has a policy demand an expression of each update of a resource. It is in
// force once what tries it is denied with its words, until it is lifted.
func (l *lab) policed(t *testing.T, of schema.GroupVersionResource, words, expression string, tried func() error) (lift func()) {
	t.Helper()
	policy := object("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "", "frozen")
	policy["spec"] = map[string]any{
		"matchConstraints": map[string]any{"resourceRules": []any{map[string]any{
			"apiGroups": []any{of.Group}, "apiVersions": []any{of.Version}, "operations": []any{"UPDATE"}, "resources": []any{of.Resource}}}},
		"validations": []any{map[string]any{"message": words, "expression": expression}},
	}
	binding := object("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", "", "frozen")
	binding["spec"] = map[string]any{"policyName": "frozen", "validationActions": []any{"Deny"}}
	policies, _ := l.put(t, "validatingadmissionpolicies", policy)
	bindings, _ := l.put(t, "validatingadmissionpolicybindings", binding)
	eventually(t, longest, func() error {
		if err := tried(); err == nil || !strings.Contains(err.Error(), words) {
			return errors.Join(errors.New("the policy is not in force"), err)
		}
		return nil
	})
	lifted := false
	lift = func() {
		lifted = true
		if err := errors.Join(bindings.Delete(t.Context(), "frozen", metav1.DeleteOptions{}), policies.Delete(t.Context(), "frozen", metav1.DeleteOptions{})); err != nil {
			t.Fatal(err)
		}
		eventually(t, longest, tried)
	}
	t.Cleanup(func() {
		if !lifted { // the test's own context is over
			_ = bindings.Delete(context.Background(), "frozen", metav1.DeleteOptions{})
			_ = policies.Delete(context.Background(), "frozen", metav1.DeleteOptions{})
		}
	})
	return lift
}
