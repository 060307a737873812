// SPDX-License-Identifier: Apache-2.0

package record

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/client"
)

// valuesLabel marks the Secrets in which runs store the values of their specification.
const valuesLabel = "rerig.dev/values"

// ErrNoValues reports that the Secret with stored values does not exist.
var ErrNoValues = errors.New("the Secret does not exist")

// StoreValues writes the values of a run into a Secret that is owned by its record. The Secret cannot be
// changed. One of that name with other content, or of an earlier record, is replaced; one that Rerig
// did not create is an error.
func (s *Store) StoreValues(ctx context.Context, run v1alpha1.MeshUpgrade, name string, entries map[string][]byte) error {
	what := fmt.Sprintf("store values in Secret %s/%s", s.root, name)
	wanted := s.valuesSecret(run, name, entries)
	_, err := s.secrets().Create(ctx, wanted, metav1.CreateOptions{FieldManager: v1alpha1.FieldManager})
	if !apierrors.IsAlreadyExists(err) {
		return client.WriteError(what, err)
	}
	existing, err := s.secrets().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return client.WriteError(what, err)
	}
	ownedBy := func(r metav1.OwnerReference) bool { return r.UID == run.UID }
	if maps.EqualFunc(existing.Data, entries, slices.Equal[[]byte]) && slices.ContainsFunc(existing.OwnerReferences, ownedBy) {
		return nil
	}
	if err := s.deleteValues(ctx, existing); err != nil {
		return err
	}
	_, err = s.secrets().Create(ctx, wanted, metav1.CreateOptions{FieldManager: v1alpha1.FieldManager})
	return client.WriteError(what, err)
}

func (s *Store) secrets() typedcore.SecretInterface { return s.api.CoreV1().Secrets(s.root) }

func (s *Store) valuesSecret(run v1alpha1.MeshUpgrade, name string, entries map[string][]byte) *corev1.Secret {
	immutable := true
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: s.root, Labels: map[string]string{valuesLabel: run.Name},
			OwnerReferences: []metav1.OwnerReference{OwnerOf(run)},
		},
		Immutable: &immutable,
		Data:      entries,
	}
}

// StoredValues returns the entries of a Secret. ErrNoValues reports that it does not exist.
func (s *Store) StoredValues(ctx context.Context, name string) (map[string][]byte, error) {
	secret, err := s.secrets().Get(ctx, name, metav1.GetOptions{})
	what := fmt.Sprintf("Secret %s/%s", s.root, name)
	if apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("read %s: %w", what, ErrNoValues)
	}
	if err != nil {
		return nil, client.ReadError(what, err)
	}
	return secret.Data, nil
}

// DeleteValues deletes a Secret with values, if Rerig created it. One that does not exist is no error.
func (s *Store) DeleteValues(ctx context.Context, name string) error {
	secret, err := s.secrets().Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return client.ReadError(fmt.Sprintf("Secret %s/%s", s.root, name), err)
	case secret.Labels[valuesLabel] == "":
		return nil
	}
	return s.deleteValues(ctx, secret)
}

func (s *Store) deleteValues(ctx context.Context, secret *corev1.Secret) error {
	what := fmt.Sprintf("delete Secret %s/%s", secret.Namespace, secret.Name)
	if secret.Labels[valuesLabel] == "" {
		return fmt.Errorf("%s: it does not have the label %s, so Rerig did not create it: rename or delete it yourself", what, valuesLabel)
	}
	err := s.secrets().Delete(ctx, secret.Name, client.SameObject(secret))
	if apierrors.IsNotFound(err) {
		return nil
	}
	return client.WriteError(what, err)
}
