// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/kube"
	"helm.sh/helm/v4/pkg/release/common"
	release "helm.sh/helm/v4/pkg/release/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/sensitive"
	"github.com/rerig/rerig/internal/step"
)

// Upgrade upgrades the release of a change with the same chart and the same values but the
// one that renders the label istio.io/rev, or only checks that where the change is a dry
// run. It does not wait for the workload. A version that a dead process left unfinished is
// marked as failed first: this process holds the Lease. Errors have no values.
func (r *Releases) Upgrade(ctx context.Context, c step.Change) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	namespace, name, _ := strings.Cut(c.Release, "/")
	clear(r.known)
	h, err := r.history(namespace, name)
	if err == nil {
		err = sensitive.NewRedactor(h.base.Config).Error(r.upgrade(ctx, h, c))
	}
	if err == nil {
		return nil
	}
	what := fmt.Errorf("upgrade Helm release %s, so that the template of %s %s/%s has %s=%s: %w", c.Release, c.Kind, c.Namespace, c.Name,
		revisionLabel, c.Revision, err)
	if len(asRefusal(err)) > 1 || apierrors.IsConflict(err) { // of a server-side apply
		return refusedUpgrade{what}
	}
	return what
}

// refusedUpgrade is the error of an upgrade that an immediate retry would only repeat.
type refusedUpgrade struct{ error }

func (u refusedUpgrade) Unwrap() []error { return []error{u.error, engine.ErrRefused} }

func (r *Releases) upgrade(ctx context.Context, h releaseHistory, c step.Change) error {
	w := writtenLabel{namespace: c.Namespace, workload: c.Name, want: c.Revision}
	var err error
	if w.live, err = r.liveLabel(ctx, w); err != nil {
		return err
	}
	p, err := r.plan(ctx, h, w)
	if err != nil {
		return fmt.Errorf("%w. The release was not changed: run the same command again, which plans without this upgrade", err)
	}
	if c.DryRun && isPending(h.last) {
		return nil // Helm renders nothing for a pending release
	}
	helm, err := r.helmIn(h.base.Namespace)
	if err != nil {
		return err
	}
	if !c.DryRun && isPending(h.last) {
		h.last.SetStatus(common.StatusFailed, "interrupted; upgraded again by rerig")
		if err := helm.Releases.Update(h.last); err != nil {
			return fmt.Errorf("resume it: %w", err)
		}
	}
	found, err := copyOfChart(h.base.Chart)
	if err != nil {
		return err
	}
	upgrade := action.NewUpgrade(helm)
	upgrade.Namespace, upgrade.ResetValues, upgrade.WaitStrategy = h.base.Namespace, true, kube.HookOnlyStrategy
	upgrade.DisableHooks, upgrade.DisableOpenAPIValidation, upgrade.SkipSchemaValidation = true, true, true
	upgrade.Labels = map[string]string{releaseRunLabel: c.Owner}
	upgrade.Description = fmt.Sprintf("rerig, run %s: %s is %s", c.Owner, p.path, labelValue(c.Revision))
	if c.DryRun {
		upgrade.DryRunStrategy = action.DryRunServer
	}
	upgraded, err := upgrade.RunWithContext(ctx, h.base.Name, found, p.values)
	if err != nil || !c.DryRun {
		return err
	}
	result, is := upgraded.(*release.Release)
	if !is {
		return fmt.Errorf("Helm answered with %T", upgraded)
	}
	return r.checkDryRun(h.base, result, w)
}

// checkDryRun returns an error if an upgrade, rendered with all that Helm asks the cluster,
// would change more than the label.
func (r *Releases) checkDryRun(base, upgraded *release.Release, w writtenLabel) error {
	before, err := objectsOf(base)
	if err != nil {
		return err
	}
	after, err := objectsOf(upgraded)
	if err != nil {
		return err
	}
	if err := onlyLabelChanges(before, after, w, labelValue(w.want)); err != nil {
		return fmt.Errorf("it %w. The release was not changed: upgrade it yourself, and run the same command again", err)
	}
	return nil
}

// liveLabel returns the label istio.io/rev of a Deployment's template.
func (r *Releases) liveLabel(ctx context.Context, w writtenLabel) (string, error) {
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "apps/v1", "kind": "Deployment"}}
	o.SetNamespace(w.namespace)
	o.SetName(w.workload)
	live, err := r.reader.get(ctx, o)
	switch {
	case err != nil:
		return "", fmt.Errorf("read Deployment %s/%s: %w", w.namespace, w.workload, err)
	case live == nil:
		return "", fmt.Errorf("Deployment %s/%s does not exist", w.namespace, w.workload)
	}
	return templateLabel(live), nil
}

// compareLive returns an error if an upgrade would change more of the live objects than
// labels istio.io/rev: another tool changed them, and Helm would restore what it rendered. The
// API server rejects a label that Helm applies by server-side apply if another field manager
// owns it.
func (r *Releases) compareLive(ctx context.Context, applied string, before, after []*unstructured.Unstructured) error {
	live, err := getObjects(ctx, r.reader, after)
	if err != nil {
		return err
	}
	old := map[string]*unstructured.Unstructured{}
	for _, o := range before {
		old[objectOf(o).String()] = o
	}
	for n, o := range after {
		name := objectOf(o).String()
		if live[n] == nil {
			return fmt.Errorf("an upgrade would create %s again, which was deleted", name)
		}
		same, err := sameBesidesLabel(old[name], o, live[n])
		if err != nil {
			return fmt.Errorf("compare %s with what is live: %w", name, err)
		}
		if !same {
			return fmt.Errorf("%s was changed after its last upgrade, and an upgrade would undo that", name)
		}
		if owner := labelOwner(live[n]); applied == string(release.ApplyMethodServerSideApply) && owner != "" {
			return fmt.Errorf("the field manager %s owns the label %s in the template of %s, and not %s, as which Rerig upgrades it",
				owner, revisionLabel, name, helmManager)
		}
	}
	return nil
}

// labelOwner returns a field manager other than Helm's that owns the label istio.io/rev in an
// object's template, "" for none.
func labelOwner(live *unstructured.Unstructured) string {
	for _, f := range live.GetManagedFields() {
		var fields map[string]any
		if f.Manager == helmManager || f.FieldsV1 == nil || json.Unmarshal(f.FieldsV1.GetRawBytes(), &fields) != nil {
			continue
		}
		path := []string{"f:spec", "f:template", "f:metadata", "f:labels", "f:" + revisionLabel}
		if _, owns, _ := unstructured.NestedFieldNoCopy(fields, path...); owns {
			return f.Manager
		}
	}
	return ""
}

// sameBesidesLabel reports whether Helm's merge of an object changes nothing but
// the label istio.io/rev (createPatch in pkg/kube/client.go of Helm 4). Of a kind that is
// not Kubernetes' own, Helm merges only what differs between the manifests.
func sameBesidesLabel(old, target, live *unstructured.Unstructured) (bool, error) {
	kind := live.GroupVersionKind()
	if !scheme.Scheme.Recognizes(kind) {
		return true, nil
	}
	typed, err := scheme.Scheme.New(kind)
	if err != nil {
		return false, err
	}
	fields, err := strategicpatch.NewPatchMetaFromStruct(typed)
	if err != nil {
		return false, err
	}
	var texts [3][]byte
	for n, o := range []*unstructured.Unstructured{withoutLabel(old, true), withoutLabel(target, true), withoutLabel(live, true)} {
		if texts[n], err = json.Marshal(o.Object); err != nil {
			return false, err
		}
	}
	patch, err := strategicpatch.CreateThreeWayMergePatch(texts[0], texts[1], texts[2], fields, true)
	if err != nil {
		return false, err
	}
	merged, err := strategicpatch.StrategicMergePatchUsingLookupPatchMeta(texts[2], patch, fields)
	if err != nil {
		return false, err
	}
	other, err := scheme.Scheme.New(kind)
	if err != nil {
		return false, err
	}
	if err := decodeInto(texts[2], typed); err != nil {
		return false, err
	}
	if err := decodeInto(merged, other); err != nil {
		return false, err
	}
	return equality.Semantic.DeepEqual(typed, other), nil
}

func decodeInto(text []byte, o runtime.Object) error {
	if err := json.Unmarshal(text, o); err != nil {
		return fmt.Errorf("decode it: %w", err)
	}
	return nil
}
