// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
)

// restore puts back what was kept of a revision and is not there: what is there
// stays as it is, for it may have been looked after since. Definitions were never
// taken away, and none is written: they stay those of the newest Istio.
func (c *Cluster) restore(ctx context.Context, revision string) error {
	objects, err := c.keptObjects(ctx, revision)
	if err != nil {
		return err
	}
	if len(objects) == 0 {
		return final{fmt.Errorf("bring revision %s back: nothing was kept of it (no Secret labelled %s=%s in %s): install %s again yourself (the same file or chart, the same revision name), then run `rerig rollback` again",
			revision, keptLabel, revision, c.Root, revision)}
	}
	for _, o := range objects {
		what := fmt.Sprintf("put %s of revision %s back", mesh.Component{Kind: o.GetKind(), Namespace: o.GetNamespace(), Name: o.GetName()}.String(), revision)
		switch err := c.restoreOne(ctx, o); {
		case apierrors.IsNotFound(err):
			return final{fmt.Errorf("%s: its namespace is gone, or its kind is served no more: %w", what, err)}
		case err != nil:
			return writing(what, err)
		}
	}
	return nil
}

func (c *Cluster) restoreOne(ctx context.Context, o *unstructured.Unstructured) error {
	of := c.objects.Resource(resourceOf(o.GetKind())).Namespace(o.GetNamespace())
	if _, err := of.Get(ctx, o.GetName(), metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		return err
	}
	// Without force: who makes it in this moment is not written over.
	_, err := of.Apply(ctx, o.GetName(), o, metav1.ApplyOptions{FieldManager: v1alpha1.FieldManager})
	return err
}

// keptObjects are what was kept of a revision, in the order in which it comes back.
func (c *Cluster) keptObjects(ctx context.Context, revision string) ([]*unstructured.Unstructured, error) {
	_, round, err := c.round(ctx)
	if err != nil {
		return nil, err
	}
	secrets, err := c.keptOf(ctx, revision, round)
	if err != nil {
		return nil, err
	}
	var objects []*unstructured.Unstructured
	for _, s := range secrets {
		for key, data := range s.Data {
			o, err := unpacked(data)
			if err != nil {
				return nil, fmt.Errorf("read %s of Secret %s/%s: %w: %w", key, c.Root, s.Name, engine.ErrRefused, err)
			}
			objects = append(objects, o)
		}
	}
	slices.SortFunc(objects, func(a, b *unstructured.Unstructured) int {
		return cmp.Or(cmp.Compare(turnOf(a.GetKind()), turnOf(b.GetKind())), cmp.Compare(a.GetName(), b.GetName()))
	})
	return objects, nil
}

// What is bound comes before what binds it: who is no administrator may not bind a
// role that is not there, for nobody knows what it grants.
var granting = []string{"ClusterRole", "Role"}

// returning are the kinds that come after the rest, in their order: what calls an
// istiod comes when there is one to call.
var returning = []string{"Service", "Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"}

func turnOf(kind string) int {
	if slices.Contains(granting, kind) {
		return -2
	}
	return slices.Index(returning, kind)
}

func unpacked(data []byte) (*unstructured.Unstructured, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	var o unstructured.Unstructured
	return &o, json.NewDecoder(&bounded{z, longestLedger}).Decode(&o.Object)
}
