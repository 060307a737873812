// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// What is taken away is kept in Secrets of the root namespace that the run owns:
// one entry an object, gzipped JSON. The annotation lists them for a look that
// does not read the Secret's data.
const (
	keptLabel      = "rerig.dev/kept" // the revision
	keptRunLabel   = "rerig.dev/run"
	roundLabel     = "rerig.dev/round" // when the run was begun
	keptAnnotation = "rerig.dev/kept-objects"

	// fullSecret leaves room below the API server's limit of 1 MiB an object.
	fullSecret = 700_000
)

// readKept lists what was kept of revisions that the run took away.
func (c *Cluster) readKept(ctx context.Context, l *look) error {
	if c.Removing == "" {
		return nil
	}
	_, round, err := c.round(ctx)
	if errors.Is(err, ErrNoRun) || err == nil && round == "" {
		return nil
	}
	if err != nil {
		return err
	}
	options := metav1.ListOptions{LabelSelector: keptLabel + "," + c.keptIn(round)}
	return reading("what was kept of revisions", pages(ctx, options, c.metadata.Resource(resourceOf("Secret")).Namespace(c.Root).List,
		func(page *metav1.PartialObjectMetadataList) {
			for _, s := range page.Items {
				for subject := range strings.SplitSeq(s.Annotations[keptAnnotation], ",") {
					if b, ok := subjectOf(subject); ok {
						b.Revision = s.Labels[keptLabel]
						l.world.SavedCopies = append(l.world.SavedCopies, b)
					}
				}
			}
		}))
}

// round reads the run, and when it was begun; "" while nobody has agreed to it. A
// run that begins anew in the place of one that ended has its MeshUpgrade, and
// with it the Secrets of what that one kept: an old control plane as it was then,
// which nobody is to put over the one that serves now.
func (c *Cluster) round(ctx context.Context) (v1alpha1.MeshUpgrade, string, error) {
	run, err := c.Get(ctx, c.Removing)
	if err != nil {
		return run, "", err
	}
	ledger, err := ReadLedger(run.Status.Ledger)
	if err != nil || ledger.Started.IsZero() {
		return run, "", err
	}
	return run, ledger.Started.UTC().Format("20060102-150405"), nil
}

// keptIn selects what the run has kept since it was begun.
func (c *Cluster) keptIn(round string) string {
	return keptRunLabel + "=" + c.Removing + "," + roundLabel + "=" + round
}

// subjectOf reads what mesh.Belonging.Subject wrote.
func subjectOf(subject string) (mesh.Component, bool) {
	kind, name, ok := strings.Cut(subject, " ")
	b := mesh.Component{Kind: kind, Name: name}
	if namespace, name, in := strings.Cut(name, "/"); in {
		b.Namespace, b.Name = namespace, name
	}
	return b, ok
}

// keep writes an object down before it is taken away. One that is gone already
// was kept before that.
func (c *Cluster) keep(ctx context.Context, change step.Change) error {
	what := fmt.Sprintf("keep %s %s of revision %s", change.Kind, change.Name, change.Revision)
	if _, known := made[change.Kind]; !known {
		return fmt.Errorf("%s: this kind is not ours to take away", what)
	}
	o, err := c.objects.Resource(resourceOf(change.Kind)).Namespace(change.Namespace).Get(ctx, change.Name, metav1.GetOptions{})
	if err != nil {
		return writing(what, err)
	}
	packed, err := packed(cleaned(o))
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	subject := mesh.Component{Kind: change.Kind, Namespace: change.Namespace, Name: change.Name}.String()
	return c.entry(ctx, what, change.Revision, subject, packed)
}

// entry writes one into the Secret that has it, or into one with room.
func (c *Cluster) entry(ctx context.Context, what, revision, subject string, packed []byte) error {
	run, round, err := c.round(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if round == "" {
		return step.Fault{What: what + ": nobody has agreed to the run"}
	}
	secrets, err := c.keptOf(ctx, revision, round)
	if err != nil {
		return err
	}
	key := keyOf(subject)
	at := slices.IndexFunc(secrets, func(s corev1.Secret) bool { _, has := s.Data[key]; return has })
	if at < 0 {
		at = slices.IndexFunc(secrets, func(s corev1.Secret) bool { return size(s)+len(packed) < fullSecret })
	}
	if at < 0 {
		s := c.newKept(run, round, revision, len(secrets))
		s.Data[key], s.Annotations[keptAnnotation] = packed, subject
		_, err = c.core.Secrets(c.Root).Create(ctx, s, metav1.CreateOptions{FieldManager: v1alpha1.FieldManager})
		return writing(what, err)
	}
	s := &secrets[at]
	if s.Data == nil {
		s.Data = map[string][]byte{}
	}
	s.Data[key] = packed
	list := strings.Split(s.Annotations[keptAnnotation], ",")
	if !slices.Contains(list, subject) {
		list = append(list, subject)
	}
	s.Annotations[keptAnnotation] = strings.Join(list, ",")
	_, err = c.core.Secrets(c.Root).Update(ctx, s, metav1.UpdateOptions{FieldManager: v1alpha1.FieldManager})
	return writing(what, err)
}

func (c *Cluster) keptOf(ctx context.Context, revision, round string) ([]corev1.Secret, error) {
	var list []corev1.Secret
	options := metav1.ListOptions{LabelSelector: keptLabel + "=" + revision + "," + c.keptIn(round)}
	err := pages(ctx, options, c.core.Secrets(c.Root).List, func(page *corev1.SecretList) { list = append(list, page.Items...) })
	return list, reading("what was kept of revision "+revision, err)
}

// newKept is an empty Secret that goes with the run.
func (c *Cluster) newKept(run v1alpha1.MeshUpgrade, round, revision string, n int) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Name: fmt.Sprintf("rerig-%s-%s-%s-%d", run.Name, round, revision, n), Namespace: c.Root,
		Labels: map[string]string{keptLabel: revision, keptRunLabel: run.Name, roundLabel: round}, Annotations: map[string]string{},
		OwnerReferences: []metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.Kind, Name: run.Name, UID: run.UID}},
	}, Data: map[string][]byte{}}
}

// keyOf is a subject as the key of a Secret's entry.
func keyOf(subject string) string {
	return strings.NewReplacer(" ", ".", "/", "_", ":", "-").Replace(subject)
}

func size(s corev1.Secret) int {
	n := 0
	for _, data := range s.Data {
		n += len(data)
	}
	return n
}

// cleaned is an object as somebody would apply it: without what the cluster has
// written into it.
func cleaned(o *unstructured.Unstructured) *unstructured.Unstructured {
	o = o.DeepCopy()
	for _, field := range []string{"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink", "ownerReferences", "finalizers"} {
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

func packed(o *unstructured.Unstructured) ([]byte, error) {
	text, err := json.Marshal(o.Object)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(text); err != nil {
		return nil, err
	}
	err = z.Close()
	return b.Bytes(), err
}

// delete takes an object away, if it is still the one that was seen.
func (c *Cluster) delete(ctx context.Context, change step.Change) error {
	what := strings.TrimSpace(fmt.Sprintf("delete %s %s/%s", change.Kind, change.Namespace, change.Name))
	if _, known := made[change.Kind]; !known || change.Expect == "" {
		return fmt.Errorf("%s: this is not ours to take away", what)
	}
	background := metav1.DeletePropagationBackground
	options := metav1.DeleteOptions{PropagationPolicy: &background, Preconditions: metav1.NewUIDPreconditions(change.Expect)}
	err := c.objects.Resource(resourceOf(change.Kind)).Namespace(change.Namespace).Delete(ctx, change.Name, options)
	if apierrors.IsNotFound(err) {
		return nil
	}
	return writing(what, err)
}
