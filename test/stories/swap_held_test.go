// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// TestSwapIsHeldBeforeItStarts has quotas that do not allow a keeper or a pod, then a
// policy that requires the label that parking removes. No pod is touched meanwhile.
func TestSwapIsHeldBeforeItStarts(t *testing.T) {
	l := targetLab(t, "quotas that do not allow a keeper or a pod, a policy that requires the label that parking removes: the run holds "+
		"before any pod is detached, and continues without them")
	s := l.createSwapApp(t)
	before, args := s.serving(t), s.upgradeArgs("--soak", "1s", "--ready-timeout", "5s")
	const words = "every pod bears its app"
	lift := s.requireLabelByPolicy(t, "app", words)

	const lack = "ResourceQuota tight has 0 of 1 services left, and its swap takes 1"
	s.setQuota(t, 1, 4)
	planned := s.rerig(t, "plan", "--to", newRevision, "-n", s.ns, "--strategy", "swap")
	planned.requireExit(t, exitDone)
	planned.requireOutput(t, "lacks capacity for its swap", lack, "raise the quota")
	crowded := s.rerig(t, args...)
	crowded.requireExit(t, exitHeld)
	crowded.requireOutput(t, "TimedOut", "Deployment swapped/app", lack)
	l.requirePhase(t, "Held")
	l.rerig(t, "status").requireOutput(t, "TimedOut", lack)
	s.requireUntouched(t, before)

	s.setQuota(t, 2, 2)
	full := s.rerig(t, args...)
	full.requireExit(t, exitHeld)
	full.requireOutput(t, "TimedOut", "Deployment swapped/app", "ResourceQuota tight has 0 of 2 pods left, and a pod takes 1")
	s.requireUntouched(t, before)

	s.setQuota(t, 2, 4)
	denied := s.rerig(t, args...)
	denied.requireExit(t, exitHeld)
	denied.requireOutput(t, "WriteFailed", "Deployment swapped/app", "it could not be parked later", words)
	l.requirePhase(t, "Held")
	l.rerig(t, "status").requireOutput(t, "WriteFailed", words)
	s.requireUntouched(t, before)

	lift()
	s.rerig(t, args...).requireExit(t, exitDone)
	s.requireRevision(t, newRevision)
	l.requirePhase(t, "Completed")
}

// requireLabelByPolicy creates a policy that requires a label of each of the
// application's pods.
func (s swapApp) requireLabelByPolicy(t *testing.T, label, words string) (lift func()) {
	t.Helper()
	one := s.pods(t)[0].Name
	return s.createPolicy(t, resource("", "v1", "pods"), words,
		"object.metadata.namespace != '"+s.ns+"' || '"+label+"' in object.metadata.labels", func() error {
			_, err := s.core.Pods(s.ns).Patch(t.Context(), one, types.MergePatchType, []byte(`{"metadata":{"labels":{"`+label+`":null}}}`),
				metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
			return err
		})
}

// setQuota sets a quota of Services and pods in the namespace.
func (s swapApp) setQuota(t *testing.T, services, pods int64) {
	t.Helper()
	quotas := s.objects.Resource(resource("", "v1", "resourcequotas")).Namespace(s.ns)
	quota := &unstructured.Unstructured{Object: object("v1", "ResourceQuota", s.ns, "tight")}
	quota.Object["spec"] = map[string]any{"hard": map[string]any{"services": services, "pods": pods}}
	if _, err := quotas.Apply(t.Context(), "tight", quota, metav1.ApplyOptions{FieldManager: "story"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, 30*time.Second, func() error {
		found, err := quotas.Get(t.Context(), "tight", metav1.GetOptions{})
		if err != nil {
			return err
		}
		hard, _, _ := unstructured.NestedMap(found.Object, "status", "hard")
		used, _, _ := unstructured.NestedMap(found.Object, "status", "used")
		if asked, _, _ := unstructured.NestedMap(found.Object, "spec", "hard"); !maps.Equal(hard, asked) || len(used) < len(hard) {
			return errors.New("the quota is not in force")
		}
		return nil
	})
}

// requireUntouched requires that the same pods serve as before, without a mark of a
// swap.
func (s swapApp) requireUntouched(t *testing.T, before []string) {
	t.Helper()
	if now := s.serving(t); !slices.Equal(now, before) {
		t.Errorf("these pods serve: %v; before it were: %v", now, before)
	}
	for _, p := range s.pods(t) {
		if p.Annotations["rerig.dev/swap"] != "" || p.Labels["rerig.dev/keep"] != "" {
			t.Errorf("pod %s was touched: %v %v", p.Name, p.Labels, p.Annotations)
		}
	}
}
