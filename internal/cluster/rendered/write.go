// SPDX-License-Identifier: Apache-2.0

package rendered

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Writer writes to gateways that istioctl installed.
type Writer struct {
	api       *client.Clients
	owner     func(ctx context.Context, run string) (metav1.OwnerReference, error)
	digest    func(*corev1.PodTemplateSpec) string
	templates map[mesh.WorkloadRef]Template
}

// Parts are what a Writer needs of others.
type Parts struct {
	API       *client.Clients
	Owner     func(ctx context.Context, run string) (metav1.OwnerReference, error) // the owner reference to a run
	Digest    func(*corev1.PodTemplateSpec) string                                 // of a template, as an observation has it
	Templates map[mesh.WorkloadRef]Template                                        // that were rendered
}

// NewWriter returns a writer.
func NewWriter(p Parts) *Writer {
	return &Writer{api: p.API, owner: p.Owner, digest: p.Digest, templates: p.Templates}
}

// Verbs are those of the changes that a Writer makes.
var Verbs = []step.Verb{step.SaveTemplate, step.SetTemplate, step.RestoreTemplate, step.LabelObjects}

// Write makes one change. It returns engine.ErrConflict where the Deployment is not as the
// change expects.
func (w *Writer) Write(ctx context.Context, change step.Change) error {
	what := fmt.Sprintf("%s of Deployment %s/%s", change.Verb, change.Namespace, change.Name)
	d, err := w.api.AppsV1().Deployments(change.Namespace).Get(ctx, change.Name, metav1.GetOptions{})
	if err != nil {
		return client.WriteError(what, err)
	}
	if change.Verb == step.LabelObjects {
		err = w.label(ctx, change, d)
	} else {
		err = w.template(ctx, change, d)
	}
	if errors.Is(err, engine.ErrRefused) || errors.Is(err, engine.ErrConflict) {
		return fmt.Errorf("%s: %w", what, err)
	}
	return client.WriteError(what, err)
}

// template stores or writes a Deployment's template, if it has the one that the change
// expects.
func (w *Writer) template(ctx context.Context, change step.Change, d *appsv1.Deployment) error {
	if w.digest(&d.Spec.Template) != change.Expect {
		return fmt.Errorf("its template changed since it was observed: %w", engine.ErrConflict)
	}
	var t *corev1.PodTemplateSpec
	var err error
	switch change.Verb {
	case step.SaveTemplate:
		return w.save(ctx, change, d)
	case step.SetTemplate:
		t, err = w.rendered(change)
	default:
		t, err = w.stored(ctx, d, change.Revision)
	}
	if err != nil {
		return err
	}
	return w.api.ReplaceTemplate(ctx, d, t)
}
