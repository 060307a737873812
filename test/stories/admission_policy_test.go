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

// TestAdmissionPolicyDeniesARestart denies a restart with an admission policy in the
// middle of a run.
func TestAdmissionPolicyDeniesARestart(t *testing.T) {
	l := targetLab(t, "an admission policy denies a restart: the run holds and names the workload, and continues without the policy; or "+
		"its wave is rolled back")
	const words = "templates are frozen until Monday"
	for _, c := range []struct {
		name  string
		args  []string
		says  []string
		stand placement
	}{
		{name: "held", says: []string{"WriteFailed", "Deployment shop-web/web"},
			stand: placement{"shop-data": oldRevision, "shop-core": oldRevision}},
		{name: "rolled back", args: []string{"--rollback-on-failure"}, says: []string{"WaveReverted", "wave 1 was rolled back"},
			stand: everywhere(oldRevision)},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := upgradeArgs(append(c.args, "--to", newRevision, "--soak", "0s", "--wave", "shop-web", "--wave",
				"shop-core,shop-data")...)
			lift := l.denyRestarts(t, "web", words)
			e := l.rerig(t, args...)
			e.requireExit(t, exitHeld)
			e.requireOutput(t, append(c.says, words)...)
			l.requirePhase(t, "Held")
			l.rerig(t, "status").requireOutput(t, append(c.says, words)...)
			l.requireLabels(t, c.stand)
			lift()
			if c.name != "held" && !exhaustive() {
				return
			}
			l.rerig(t, args...).requireExit(t, exitDone)
			l.requirePlacement(t, everywhere(newRevision))
			l.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
			l.requirePlacement(t, everywhere(oldRevision))
		})
		l.deleteRecords(t)
	}
}

// denyRestarts creates a policy that denies changes to the pod template of Deployments
// of this name. It returns a function that removes the policy.
func (l *lab) denyRestarts(t *testing.T, name, words string) (lift func()) {
	t.Helper()
	return l.createPolicy(t, deployments, words,
		"object.metadata.name != '"+name+"' || object.spec.template == oldObject.spec.template", func() error {
			_, err := l.objects.Resource(deployments).Namespace("shop-web").Patch(t.Context(), name, types.MergePatchType,
				[]byte(`{"spec":{"template":{"metadata":{"annotations":{"changed":"yes"}}}}}`),
				metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
			return err
		})
}

// createPolicy creates a policy that requires an expression of each update of a
// resource. It waits until the update that try sends is denied with the message, and
// returns a function that removes the policy.
func (l *lab) createPolicy(t *testing.T, of schema.GroupVersionResource, words, expression string, try func() error) (lift func()) {
	t.Helper()
	policy := object("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "", "frozen")
	policy["spec"] = map[string]any{
		"matchConstraints": map[string]any{"resourceRules": []any{map[string]any{
			"apiGroups": []any{of.Group}, "apiVersions": []any{of.Version}, "operations": []any{"UPDATE"},
			"resources": []any{of.Resource}}}},
		"validations": []any{map[string]any{"message": words, "expression": expression}},
	}
	binding := object("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", "", "frozen")
	binding["spec"] = map[string]any{"policyName": "frozen", "validationActions": []any{"Deny"}}
	policies, _ := l.apply(t, "validatingadmissionpolicies", policy)
	bindings, _ := l.apply(t, "validatingadmissionpolicybindings", binding)
	eventually(t, runTimeout, func() error {
		if err := try(); err == nil || !strings.Contains(err.Error(), words) {
			return errors.Join(errors.New("the policy is not in force"), err)
		}
		return nil
	})
	lifted := false
	lift = func() {
		lifted = true
		if err := errors.Join(bindings.Delete(t.Context(), "frozen", metav1.DeleteOptions{}), policies.Delete(t.Context(), "frozen",
			metav1.DeleteOptions{})); err != nil {
			t.Fatal(err)
		}
		eventually(t, runTimeout, try)
	}
	t.Cleanup(func() {
		if !lifted { // the test's context is done
			_ = bindings.Delete(context.Background(), "frozen", metav1.DeleteOptions{})
			_ = policies.Delete(context.Background(), "frozen", metav1.DeleteOptions{})
		}
	})
	return lift
}
