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

// TestSwapBarred bars a swap from beginning: quotas have no room for its keeper, or
// its pods, then a policy wants the label that parking takes. No pod may be touched
// meanwhile.
func TestSwapBarred(t *testing.T) {
	l := hollow(t, "quotas without room for a keeper or for a pod, a policy that wants the label which parking takes: held by name before any pod is released; goes on once they are gone")
	l.target(t, "")
	s := l.swappedApp(t)
	before, args := s.serving(t), s.moving("--soak", "1s", "--ready-timeout", "5s")
	const words = "every pod bears its app"
	lift := s.wants(t, "app", words)

	const lack = "ResourceQuota tight has 0 of 1 services left, and its swap takes 1"
	s.allows(t, 1, 4)
	planned := s.rerig(t, "plan", "--to", newRevision, "-n", s.ns, "--strategy", "swap")
	planned.exits(t, exitDone)
	planned.says(t, "has no room for its swap", lack, "raise the quota")
	crowded := s.rerig(t, args...)
	crowded.exits(t, exitHeld)
	crowded.says(t, "TimedOut", "Deployment swapped/app", lack)
	l.phase(t, "Held")
	l.rerig(t, "status").says(t, "TimedOut", lack)
	s.unbegun(t, before)

	s.allows(t, 2, 2)
	full := s.rerig(t, args...)
	full.exits(t, exitHeld)
	full.says(t, "TimedOut", "Deployment swapped/app", "ResourceQuota tight has 0 of 2 pods left, and a pod takes 1")
	s.unbegun(t, before)

	s.allows(t, 2, 4)
	denied := s.rerig(t, args...)
	denied.exits(t, exitHeld)
	denied.says(t, "WriteFailed", "Deployment swapped/app", "it could not be parked later", words)
	l.phase(t, "Held")
	l.rerig(t, "status").says(t, "WriteFailed", words)
	s.unbegun(t, before)

	lift()
	s.rerig(t, args...).exits(t, exitDone)
	s.stands(t, newRevision)
	l.phase(t, "Completed")
}

// wants has a policy want a label of each of the application's pods.
func (s swapped) wants(t *testing.T, label, words string) (lift func()) {
	t.Helper()
	one := s.pods(t)[0].Name
	return s.policed(t, resource("", "v1", "pods"), words, "object.metadata.namespace != '"+s.ns+"' || '"+label+"' in object.metadata.labels", func() error {
		_, err := s.core.Pods(s.ns).Patch(t.Context(), one, types.MergePatchType, []byte(`{"metadata":{"labels":{"`+label+`":null}}}`), metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	})
}

// allows has a quota allow so many Services and pods in the namespace.
func (s swapped) allows(t *testing.T, services, pods int64) {
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

// unbegun demands that the very same pods serve as before, and that no swap has
// touched any of them.
func (s swapped) unbegun(t *testing.T, before []string) {
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
