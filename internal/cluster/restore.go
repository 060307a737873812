// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
)

// restore re-creates the saved objects of a revision that do not exist. It leaves
// alone those that exist: somebody may have changed them since. Definitions (CRDs)
// are never removed and never restored: they stay those of the newest Istio.
func (w *Writer) restore(ctx context.Context, revision string) error {
	objects, err := w.savedObjects(ctx, revision)
	if err != nil {
		return err
	}
	if len(objects) == 0 {
		return client.Final(fmt.Errorf("restore revision %s: no copy of it was saved (no Secret labelled %s=%s in %s). "+
			"Install %s again yourself, from the same file or chart and with the same revision name, then run `rerig rollback` again",
			revision, copiesLabel, revision, w.root, revision))
	}
	for _, o := range objects {
		subject := mesh.Component{Kind: o.GetKind(), Namespace: o.GetNamespace(), Name: o.GetName()}.String()
		what := fmt.Sprintf("restore %s of revision %s", subject, revision)
		switch err := w.restoreObject(ctx, o); {
		case apierrors.IsNotFound(err):
			return client.Final(fmt.Errorf("%s: its namespace does not exist, or its kind is no longer served: %w", what, err))
		case err != nil:
			return client.WriteError(what, err)
		}
	}
	return nil
}

func (w *Writer) restoreObject(ctx context.Context, o *unstructured.Unstructured) error {
	kind, known := istio.Component(o.GetKind())
	if !known {
		return fmt.Errorf("%w: Rerig does not restore this kind", engine.ErrRefused)
	}
	objects := w.api.Dynamic.Resource(kind.Resource).Namespace(o.GetNamespace())
	if _, err := objects.Get(ctx, o.GetName(), metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		return err
	}
	// Without force: whoever creates it at this moment keeps its fields.
	_, err := objects.Apply(ctx, o.GetName(), o, metav1.ApplyOptions{FieldManager: v1alpha1.FieldManager})
	return err
}

// savedObjects returns the copies of a revision's objects, in the order in which
// they are restored.
func (w *Writer) savedObjects(ctx context.Context, revision string) ([]*unstructured.Unstructured, error) {
	round, err := w.round(ctx, w.scope.RemovingRun)
	if err != nil {
		return nil, err
	}
	secrets, err := w.copySecrets(ctx, revision, round)
	if err != nil {
		return nil, err
	}
	var objects []*unstructured.Unstructured
	for _, s := range secrets {
		for key, data := range s.Data {
			var o unstructured.Unstructured
			if err := client.Unpack(data, &o.Object); err != nil {
				return nil, fmt.Errorf("read %s of Secret %s/%s: %w: %w", key, w.root, s.Name, engine.ErrRefused, err)
			}
			objects = append(objects, &o)
		}
	}
	slices.SortFunc(objects, func(a, b *unstructured.Unstructured) int {
		return cmp.Or(cmp.Compare(restoreRank(a.GetKind()), restoreRank(b.GetKind())), cmp.Compare(a.GetName(), b.GetName()))
	})
	return objects, nil
}

// restoredLast are the kinds that are restored after the others, in this order: what
// calls an istiod after the istiod.
var restoredLast = []string{
	"Service", "Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget",
	"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration",
}

// restoreRank puts roles first: who is no administrator may not bind a role that
// does not exist, since it is not known what it grants.
func restoreRank(kind string) int {
	if kind == "ClusterRole" || kind == "Role" {
		return -2
	}
	return slices.Index(restoredLast, kind)
}
