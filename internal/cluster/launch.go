// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// launch makes one pod of a real workload, with the sidecar that another
// revision's live webhook gives it.
func (c *Cluster) launch(ctx context.Context, change step.Change) error {
	what := fmt.Sprintf("make a trial pod of %s %s/%s", change.Kind, change.Namespace, change.Name)
	template, err := c.template(ctx, mesh.Kind(change.Kind), change.Namespace, change.Name)
	if err != nil {
		return writing(what, err)
	}
	digest := cmp.Or(change.Expect, hashOf(template))
	if digest != hashOf(template) && mesh.Kind(change.Kind) != mesh.ArgoRollout { // whose digest holds more
		return fmt.Errorf("%s: its template has changed: %w", what, engine.ErrConflict)
	}
	run, err := c.Get(ctx, change.Trial.Run)
	if errors.Is(err, ErrNoRun) {
		return fmt.Errorf("%s: %w: %w", what, engine.ErrConflict, err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	pod, err := c.injected(ctx, change.Trial.Revision, candidate(change.Kind, change.Namespace, change.Name, template))
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	services, err := c.services(ctx, change.Namespace)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	pod = onTrial(pod, digest, change, run, services)
	_, err = c.core.Pods(change.Namespace).Create(ctx, pod, metav1.CreateOptions{FieldManager: v1alpha1.FieldManager})
	if apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("%s: %w: %w", what, engine.ErrConflict, err)
	}
	return writing(what, err)
}

// ungate lets a trial pod to a node, and gives it the label back that its
// template has. Injection looks at pods that are made, not at those that change.
func (c *Cluster) ungate(ctx context.Context, change step.Change) error {
	what := fmt.Sprintf("let trial pod %s/%s to a node", change.Namespace, change.Name)
	p, err := c.standing(ctx, change, what)
	if err != nil {
		return err
	}
	label := "null"
	if own, has := p.Annotations[v1alpha1.AnnotationTrialInject]; has {
		label = fmt.Sprintf("%q", own)
	}
	patch := fmt.Sprintf(`{"metadata":{"resourceVersion":%q,"labels":{%q:%s}},"spec":{"schedulingGates":[{"$patch":"delete","name":%q}]}}`,
		p.ResourceVersion, mesh.SidecarLabel, label, v1alpha1.GateTrial)
	_, err = c.core.Pods(change.Namespace).Patch(ctx, change.Name, types.StrategicMergePatchType, []byte(patch), merging)
	return writing(what, err)
}

// standing is the pod that a change means, and no other that has taken its name.
func (c *Cluster) standing(ctx context.Context, change step.Change, what string) (*corev1.Pod, error) {
	p, err := c.core.Pods(change.Namespace).Get(ctx, change.Name, metav1.GetOptions{})
	if err != nil {
		return nil, writing(what, err)
	}
	if string(p.UID) != change.Expect {
		return nil, fmt.Errorf("%s: another pod has its name: %w", what, engine.ErrConflict)
	}
	return p, nil
}

// deletePod deletes a pod of a run's own, and no other that has taken its name.
func (c *Cluster) deletePod(ctx context.Context, change step.Change) error {
	uid := types.UID(change.Expect)
	err := c.core.Pods(change.Namespace).Delete(ctx, change.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
	return writing(fmt.Sprintf("delete pod %s/%s", change.Namespace, change.Name), err)
}

// serve lets Services lead to a trial pod, or no longer: by a condition that its
// readiness waits for.
func (c *Cluster) serve(ctx context.Context, change step.Change) error {
	what, status := fmt.Sprintf("let trial pod %s/%s serve", change.Namespace, change.Name), corev1.ConditionTrue
	if change.Verb == step.StopTrialService {
		what, status = fmt.Sprintf("take trial pod %s/%s out of its Services", change.Namespace, change.Name), corev1.ConditionFalse
	}
	p, err := c.standing(ctx, change, what)
	if err != nil {
		return err
	}
	patch := fmt.Sprintf(`{"metadata":{"resourceVersion":%q},"status":{"conditions":[{"type":%q,"status":%q,"lastTransitionTime":%q}]}}`,
		p.ResourceVersion, v1alpha1.ConditionServes, status, c.Now().UTC().Format(time.RFC3339))
	_, err = c.core.Pods(change.Namespace).Patch(ctx, change.Name, types.StrategicMergePatchType, []byte(patch), merging, "status")
	return writing(what, err)
}
