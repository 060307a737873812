// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/engine"
)

// conditions sums a run up for `kubectl wait`. A transition's time changes only
// with its status.
func conditions(m v1alpha1.MeshUpgrade, s engine.Summary, now time.Time) []metav1.Condition {
	complete := metav1.Condition{Type: v1alpha1.ConditionComplete, Status: metav1.ConditionFalse, Reason: cmp.Or(s.Phase, "Unknown"), Message: s.Message}
	if s.Phase == string(v1alpha1.Completed) || s.Phase == string(v1alpha1.RolledBack) {
		complete.Status = metav1.ConditionTrue
	}
	held := metav1.Condition{Type: v1alpha1.ConditionHeld, Status: metav1.ConditionFalse, Reason: "Running"}
	if s.Hold != nil {
		held.Status, held.Reason, held.Message = metav1.ConditionTrue, s.Hold.Reason, s.Hold.Subject+": "+s.Hold.Message
	}
	list := slices.Clone(m.Status.Conditions)
	for _, c := range []metav1.Condition{complete, held} {
		c.ObservedGeneration = m.Generation
		c.LastTransitionTime = metav1.NewTime(now.UTC().Truncate(time.Second))
		meta.SetStatusCondition(&list, c)
	}
	return list
}
