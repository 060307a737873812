// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/cluster/record"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Copies of removed objects are in Secrets of the root namespace: one entry for each
// object, gzipped JSON. The annotation lists the objects, for an observation that
// does not read the Secret's data. No object owns these Secrets: they are the only
// copy of a control plane, and outlive the MeshUpgrade of their run.
const (
	copiesLabel      = "rerig.dev/kept" // the revision
	copiesRunLabel   = "rerig.dev/run"
	copiesRoundLabel = "rerig.dev/round" // when the run was started
	copiesAnnotation = "rerig.dev/kept-objects"

	// roundFormat is the format of copiesRoundLabel.
	roundFormat = "20060102-150405"

	// maxSecretData is below the API server's limit of 1 MiB for an object.
	maxSecretData = 700_000
)

// SavedCopies is one Secret with copies of removed objects.
type SavedCopies struct {
	Secret   string // its name, in the root namespace
	UID      string
	Run      string
	Round    string // when the run was started
	Revision string
	Objects  []string // "Deployment istio-system/istiod-1-29-1"
	Created  time.Time
}

func copiesIn(m *metav1.ObjectMeta) SavedCopies {
	c := SavedCopies{
		Secret: m.Name, UID: string(m.UID), Run: m.Labels[copiesRunLabel], Round: m.Labels[copiesRoundLabel],
		Revision: m.Labels[copiesLabel], Created: m.CreationTimestamp.UTC(),
	}
	for object := range strings.SplitSeq(m.Annotations[copiesAnnotation], ",") {
		if object != "" {
			c.Objects = append(c.Objects, object)
		}
	}
	return c
}

// SavedCopies lists the copies that runs have saved, also those of runs that no
// longer exist.
func (s shared) SavedCopies(ctx context.Context) ([]SavedCopies, error) {
	return s.savedCopies(ctx, copiesLabel)
}

func (s shared) savedCopies(ctx context.Context, selector string) ([]SavedCopies, error) {
	var list []SavedCopies
	err := client.List(ctx, client.Selected(selector), s.api.Metadata.Resource(istio.Secrets).Namespace(s.root).List, func() { list = nil },
		func(page *metav1.PartialObjectMetadataList) {
			for i := range page.Items {
				list = append(list, copiesIn(&page.Items[i].ObjectMeta))
			}
		})
	return list, client.ReadError("the saved copies of revisions", err)
}

// readSavedCopies reads what the run has saved of the revisions that it removes.
func (r *Reader) readSavedCopies(ctx context.Context, o *observation) error {
	if r.scope.RemovingRun == "" {
		return nil
	}
	round, err := r.round(ctx, r.scope.RemovingRun)
	if errors.Is(err, record.ErrNoRun) || err == nil && round == "" {
		return nil
	}
	if err != nil {
		return err
	}
	list, err := r.savedCopies(ctx, copiesLabel+","+ofRound(r.scope.RemovingRun, round))
	for _, c := range list {
		for _, object := range c.Objects {
			if b, err := mesh.ParseComponent(object); err == nil {
				b.Revision = c.Revision
				o.world.SavedCopies = append(o.world.SavedCopies, b)
			}
		}
	}
	return err
}

// round returns when a run was started, "" if nobody has approved it yet. A run that
// starts again in the place of one that ended has the same MeshUpgrade. The copies of
// the earlier round are an old control plane, which must not replace the present one.
func (s shared) round(ctx context.Context, name string) (string, error) {
	run, err := s.records.Get(ctx, name)
	if err != nil {
		return "", err
	}
	ledger, err := record.ReadLedger(run.Status.Ledger)
	return RoundOf(ledger), err
}

// RoundOf returns the round that the copies of a run have now, "" if nobody has
// approved the run yet.
func RoundOf(l step.Ledger) string {
	if l.Started.IsZero() {
		return ""
	}
	return l.Started.UTC().Format(roundFormat)
}

// ofRound selects what a run has saved since it was started.
func ofRound(run, round string) string {
	return copiesRunLabel + "=" + run + "," + copiesRoundLabel + "=" + round
}

// saveCopy saves an object before it is deleted.
func (w *Writer) saveCopy(ctx context.Context, change step.Change) error {
	what := fmt.Sprintf("save %s %s of revision %s", change.Kind, change.Name, change.Revision)
	kind, known := istio.Component(change.Kind)
	if !known {
		return fmt.Errorf("%s: Rerig does not remove this kind", what)
	}
	o, err := w.api.Dynamic.Resource(kind.Resource).Namespace(change.Namespace).Get(ctx, change.Name, metav1.GetOptions{})
	if err != nil {
		return client.WriteError(what, err)
	}
	packed, err := client.Pack(applicable(o).Object)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	subject := mesh.Component{Kind: change.Kind, Namespace: change.Namespace, Name: change.Name}.String()
	return w.saveEntry(ctx, what, change.Revision, subject, packed)
}

// saveEntry writes a copy into the Secret that has it, or into one with space.
func (w *Writer) saveEntry(ctx context.Context, what, revision, subject string, packed []byte) error {
	round, err := w.round(ctx, w.scope.RemovingRun)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if round == "" {
		return step.Fault{What: what + ": nobody has approved the run"}
	}
	secrets, err := w.copySecrets(ctx, revision, round)
	if err != nil {
		return err
	}
	key := entryKey(subject)
	at := slices.IndexFunc(secrets, func(s corev1.Secret) bool { _, has := s.Data[key]; return has })
	if at < 0 {
		at = slices.IndexFunc(secrets, func(s corev1.Secret) bool { return dataSize(s)+len(packed) < maxSecretData })
	}
	if at < 0 {
		s := w.newCopySecret(round, revision, len(secrets))
		s.Data[key], s.Annotations[copiesAnnotation] = packed, subject
		_, err = w.api.CoreV1().Secrets(w.root).Create(ctx, s, client.Creating)
		return client.WriteError(what, err)
	}
	s := &secrets[at]
	if s.Data == nil {
		s.Data = map[string][]byte{}
	}
	s.Data[key] = packed
	list := strings.Split(s.Annotations[copiesAnnotation], ",")
	if !slices.Contains(list, subject) {
		list = append(list, subject)
	}
	if s.Annotations == nil {
		s.Annotations = map[string]string{}
	}
	s.Annotations[copiesAnnotation] = strings.Join(list, ",")
	_, err = w.api.CoreV1().Secrets(w.root).Update(ctx, s, client.Updating)
	return client.WriteError(what, err)
}

// copySecrets reads the Secrets with copies of a revision. Rerig 0.1 made the
// MeshUpgrade their owner; copySecrets removes that, so that they are not deleted
// with it.
func (w *Writer) copySecrets(ctx context.Context, revision, round string) ([]corev1.Secret, error) {
	var list []corev1.Secret
	selector := copiesLabel + "=" + revision + "," + ofRound(w.scope.RemovingRun, round)
	err := client.List(ctx, client.Selected(selector), w.api.CoreV1().Secrets(w.root).List, func() { list = nil },
		func(page *corev1.SecretList) { list = append(list, page.Items...) })
	if err != nil {
		return nil, client.ReadError("the saved copies of revision "+revision, err)
	}
	for i := range list {
		owned := slices.ContainsFunc(list[i].OwnerReferences, record.IsOwner)
		if !owned {
			continue
		}
		list[i].OwnerReferences = slices.DeleteFunc(list[i].OwnerReferences, record.IsOwner)
		written, err := w.api.CoreV1().Secrets(w.root).Update(ctx, &list[i], client.Updating)
		if err != nil {
			return nil, client.WriteError("remove the owner of Secret "+w.root+"/"+list[i].Name, err)
		}
		list[i] = *written
	}
	return list, nil
}

// newCopySecret returns an empty Secret for copies.
func (w *Writer) newCopySecret(round, revision string, n int) *corev1.Secret {
	run := w.scope.RemovingRun
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("rerig-%s-%s-%s-%d", run, round, revision, n), Namespace: w.root,
			Labels:      map[string]string{copiesLabel: revision, copiesRunLabel: run, copiesRoundLabel: round},
			Annotations: map[string]string{},
		},
		Data: map[string][]byte{},
	}
}

// deleteSavedCopies deletes one Secret with copies by its UID.
func (w *Writer) deleteSavedCopies(ctx context.Context, c SavedCopies) error {
	options := metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(c.UID)}
	err := w.api.CoreV1().Secrets(w.root).Delete(ctx, c.Secret, options)
	if apierrors.IsNotFound(err) {
		return nil
	}
	return client.WriteError("delete Secret "+w.root+"/"+c.Secret, err)
}

// entryKey returns a subject as the key of a Secret's entry.
func entryKey(subject string) string {
	return strings.NewReplacer(" ", ".", "/", "_", ":", "-").Replace(subject)
}

func dataSize(s corev1.Secret) int {
	n := 0
	for data := range maps.Values(s.Data) {
		n += len(data)
	}
	return n
}

// applicable returns an object as a person applies it: without what the cluster has
// written into it.
func applicable(o *unstructured.Unstructured) *unstructured.Unstructured {
	o = o.DeepCopy()
	for _, field := range []string{
		"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink", "ownerReferences", "finalizers",
	} {
		unstructured.RemoveNestedField(o.Object, "metadata", field)
	}
	unstructured.RemoveNestedField(o.Object, "metadata", "annotations", revisionAnnotation)
	unstructured.RemoveNestedField(o.Object, "status")
	if o.GetKind() == "Service" {
		unstructured.RemoveNestedField(o.Object, "spec", "clusterIP")
		unstructured.RemoveNestedField(o.Object, "spec", "clusterIPs")
	}
	return o
}

// deleteComponent deletes an object if it is still the one that was observed.
func (w *Writer) deleteComponent(ctx context.Context, change step.Change) error {
	what := strings.TrimSpace(fmt.Sprintf("delete %s %s/%s", change.Kind, change.Namespace, change.Name))
	kind, known := istio.Component(change.Kind)
	if !known || change.Expect == "" {
		return fmt.Errorf("%s: Rerig does not remove it", what)
	}
	background := metav1.DeletePropagationBackground
	options := metav1.DeleteOptions{PropagationPolicy: &background, Preconditions: metav1.NewUIDPreconditions(change.Expect)}
	err := w.api.Dynamic.Resource(kind.Resource).Namespace(change.Namespace).Delete(ctx, change.Name, options)
	if apierrors.IsNotFound(err) {
		return nil
	}
	return client.WriteError(what, err)
}
