// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

// A held rollout moves a Deployment whose own template decides its revision, or is rendered
// for one, so that a swap cannot: the template changes while the rollout is held, and new pods come up beside the
// old ones. Once they serve, the old pods are detached all at once, the rollout is released,
// and the old pods are parked and deleted as those of a swap.

// HeldAnnotation on a Deployment says by which run its rollout is held, and what is restored.
const HeldAnnotation = "rerig.dev/held-rollout"

// What holds a rollout: no new pod becomes available, so that no old one ends, for 30 days.
// Nobody may look at a run that waits for longer than an hour.
const (
	heldMinReady = 30 * 24 * 3600   // seconds
	heldDeadline = 2 * heldMinReady // has to be longer
)

// heldMark is a mesh.HeldRollout as the annotation has it.
type heldMark struct {
	Run    string               `json:"run"`
	At     time.Time            `json:"at"`
	Before mesh.RolloutSettings `json:"before"`
}

// ReadHeld reads the annotation of a Deployment. One that cannot be read is not one of
// Rerig's: the zero HeldRollout.
func ReadHeld(annotations map[string]string) mesh.HeldRollout {
	var m heldMark
	if json.Unmarshal([]byte(annotations[HeldAnnotation]), &m) != nil {
		return mesh.HeldRollout{}
	}
	return mesh.HeldRollout(m)
}

// onTarget reports whether a workload's template chooses the wanted revision.
func onTarget(wl mesh.Workload, t step.Target) bool {
	if wl.Prerendered() {
		return wl.Template.Deployed() == t.RevisionOf(wl)
	}
	return step.TemplateLabelOf(wl) == t.TemplateLabels[wl.Ref()]
}

// heldLeft reports whether a held rollout is left, though no pod of another revision
// serves: the template has to change, or the rollout to be released.
func heldLeft(wl mesh.Workload, t step.Target) bool {
	return t.Policy.NeedsTemplate(wl) && len(wl.Live()) > 0 && (wl.Held.Holds() || !onTarget(wl, t) && (t.Rollback || wl.Swapping()))
}

// nextHeld returns the next action of a held rollout.
func (s Pods) nextHeld(t step.Target) Action {
	wl, ready := s.wl, onTarget(s.wl, t)
	older := slices.DeleteFunc(slices.Clone(s.attached), func(p mesh.Pod) bool { return p.Current })
	switch {
	case wl.ReplicaSetHash == "":
		return wait("its controller to observe its newest template")
	case s.back && len(s.Parked) > 0 && (!ready || wl.Held.Holds() || s.mayReturn()):
		return s.withKeeper(Action{Kind: Unpark, Pod: s.Parked[0]}) // it serves before anything else happens
	case !ready && !wl.Held.Holds():
		return s.withKeeper(Action{Kind: Hold})
	case !ready && wl.Settings.MinReadySeconds != heldMinReady:
		return wait("its rollout to be held: minReadySeconds is %d, and another tool has changed it from %d",
			wl.Settings.MinReadySeconds, heldMinReady)
	case !ready && wl.ByGitOps() && !wl.ForGateway():
		return Action{Kind: AwaitCommit, Reason: toCommit(wl, t)}
	case !ready && wl.ForGateway() && wl.APIGateway.Shadow != s.want:
		return s.nextShadow()
	case !ready && s.back:
		return Action{Kind: WriteTemplate, Pods: s.toDetach(s.Outdated)}
	case !ready, wl.Held.Holds() && wl.Release.Writes() && wl.Release.Unfinished:
		return Action{Kind: WriteTemplate}
	case wl.APIGateway.Shadow != mesh.NoShadow:
		return Action{Kind: DeleteShadow}
	}
	if why := cmp.Or(s.missing(), s.injectedWrongly()); why != "" {
		return wait("%s", why)
	}
	if wl.Held.Holds() {
		return Action{Kind: Release, Pods: s.toDetach(older)}
	}
	if m, ok := s.nextHeldExchange(); ok {
		return m
	}
	leavers := slices.Concat(s.leaving, s.Returning)
	switch {
	case len(leavers) > 0:
		return s.withKeeper(Action{Kind: Park, Pod: leavers[0]})
	case len(older) > 0:
		return wait("its rollout to end pod %s of the older template", older[0].Name)
	}
	return wait("every pod is on %s", s.want)
}

// nextShadow returns what it takes to have the wanted template of a gateway that istiod
// deploys.
func (s Pods) nextShadow() Action {
	switch shadow := s.wl.APIGateway.Shadow; shadow {
	case mesh.NoShadow:
		return Action{Kind: CreateShadow}
	case mesh.PendingShadow:
		return wait("the istiod of %s to deploy the shadow of its Gateway, from which its template is taken", s.want)
	default: // of another direction
		return Action{Kind: DeleteShadow}
	}
}

// renderShadow renders a change of a gateway's shadow, or of its template from it.
func renderShadow(v step.Verb, wl mesh.Workload, t step.Target) step.Change {
	c := step.Change{Verb: v, Kind: string(mesh.Deployment), Namespace: wl.Namespace, Name: wl.Name, Owner: t.Run}
	switch v {
	case step.CreateShadow:
		c.Revision = t.RevisionOf(wl)
	case step.CopyTemplate:
		c.Revision = t.GatewayLabels[wl.Ref()]
	}
	return c
}

// toCommit says what somebody has to commit, and where.
func toCommit(wl mesh.Workload, t step.Target) string {
	s := step.Step{Kind: step.Swap, Subject: step.Subject(wl.Ref()), By: wl.ManagedBy, TemplateLabel: t.TemplateLabels[wl.Ref()]}
	return s.ToCommit()
}

// toDetach returns the pods of the older template, or on rollback of the present one, that are
// detached before the rollout goes on without them: all. Their ReplicaSet replaces them until
// then, and a run that is killed each time finds such replacements each time: after some of
// them the rollout ends the last.
func (s Pods) toDetach(older []mesh.Pod) []mesh.Pod {
	came := 0
	for _, p := range s.wl.DetachedPods() {
		if p.Swap.Role == mesh.Replacement && p.Sidecar.Revision != s.want {
			came++
		}
	}
	limit := step.MaxAttempts * s.wl.Replicas
	if s.back { // the pods of the run that is rolled back count too
		limit += (step.MaxAttempts + 1) * s.wl.Replicas
	}
	if came < limit {
		return older
	}
	return slices.DeleteFunc(older, func(p mesh.Pod) bool { return p.Swap.Role != mesh.Original && s.cameAfterStart(p) })
}

// injectedWrongly names a pod of the newest template that another revision injected, "" for
// none.
func (s Pods) injectedWrongly() string {
	for _, p := range s.attached {
		if p.Current && p.Sidecar.Revision != s.want {
			return fmt.Sprintf("pod %s of its newest template has a sidecar of %s, not of %s", p.Name, p.Sidecar.Revision, s.want)
		}
	}
	return ""
}

// nextHeldExchange returns, on rollback, the action that gives an original pod its place in
// its ReplicaSet again, which has created others of the same template meanwhile. A run that
// is killed in each exchange leaves a replacement each time: after some of them the newest
// may stay.
func (s Pods) nextHeldExchange() (Action, bool) {
	if !s.mayReturn() {
		return Action{}, false
	}
	for _, p := range s.Returning {
		switch {
		case p.Swap.ReplicaSetHash != s.wl.ReplicaSetHash:
			continue
		case !s.serves(p):
			return wait("pod %s to be an endpoint of %s", p.Name, s.services()), true
		}
		return s.withKeeper(Action{Kind: Exchange, Pod: *s.partner(), Other: p}), true
	}
	return Action{}, false
}

// mayReturn reports whether the ReplicaSet has a pod in whose place an original one may
// return, on rollback.
func (s Pods) mayReturn() bool {
	original := func(p mesh.Pod) bool { return p.Swap.ReplicaSetHash == s.wl.ReplicaSetHash }
	return s.back && s.partner() != nil && s.replacements() < s.wl.Replicas+step.MaxAttempts &&
		slices.ContainsFunc(slices.Concat(s.Parked, s.Returning), original)
}

// partner returns the youngest pod that the ReplicaSet created since the held rollout began,
// nil for none.
func (s Pods) partner() *mesh.Pod {
	var youngest *mesh.Pod
	for i, o := range s.attached {
		if o.Current && o.Swap.Role != mesh.Original && s.cameAfterStart(o) && (youngest == nil || o.Created.After(youngest.Created)) {
			youngest = &s.attached[i]
		}
	}
	return youngest
}

// renderHold holds a Deployment's rollout.
func renderHold(wl mesh.Workload, t step.Target, at time.Time) ([]step.Change, error) {
	mark, err := json.Marshal(heldMark{Run: t.Run, At: at.UTC(), Before: wl.Settings})
	if err != nil {
		return nil, fmt.Errorf("render the hold of %s: %w", wl.Ref(), err)
	}
	hold, err := patchDeployment(wl, map[string]any{
		"metadata": map[string]any{"annotations": map[string]any{HeldAnnotation: string(mark)}},
		"spec": map[string]any{
			"minReadySeconds": heldMinReady, "progressDeadlineSeconds": heldDeadline,
			"strategy": map[string]any{"rollingUpdate": map[string]any{"maxSurge": "100%", "maxUnavailable": 0}},
		},
	})
	return append(savedBefore(wl, t), hold), err
}

// renderLift restores what renderHold changed.
func renderLift(wl mesh.Workload) (step.Change, error) {
	before := wl.Held.Before
	return patchDeployment(wl, map[string]any{
		"metadata": map[string]any{"annotations": map[string]any{HeldAnnotation: nil}},
		"spec": map[string]any{
			"minReadySeconds": unlessZero(before.MinReadySeconds), "progressDeadlineSeconds": unlessZero(before.ProgressDeadlineSeconds),
			"strategy": map[string]any{"rollingUpdate": map[string]any{
				"maxSurge": numberOrPercent(before.MaxSurge), "maxUnavailable": numberOrPercent(before.MaxUnavailable),
			}},
		},
	})
}

// renderTemplate writes the template of the wanted revision: that of a gateway's shadow or
// rendering, or the label that chooses the revision, by the workload's Helm release where
// that renders it. On rollback the pods of the present template are detached first: the pods
// of an earlier template may be available already, so that the controller would end these.
func renderTemplate(m Action, wl mesh.Workload, t step.Target, at time.Time) ([]step.Change, error) {
	if wl.ForGateway() {
		return detachAnd(m.Pods, wl, t, at, func() (step.Change, error) { return renderShadow(step.CopyTemplate, wl, t), nil })
	}
	if wl.Prerendered() {
		return detachAnd(m.Pods, wl, t, at, func() (step.Change, error) { return renderCompleteTemplate(wl, t), nil })
	}
	if wl.Release.Writes() {
		list, err := detachAnd(m.Pods, wl, t, at, func() (step.Change, error) { return renderUpgrade(wl, t), nil })
		return checkedFirst(wl, t, list, err)
	}
	body := map[string]any{}
	step.SetField(body, binding.PatchValue(t.TemplateLabels[wl.Ref()]), "spec", "template", "metadata", "labels", mesh.RevisionLabel)
	return detachAnd(m.Pods, wl, t, at, func() (step.Change, error) { return patchDeployment(wl, body) })
}

// renderRelease detaches the pods of the older template, and releases the rollout at once:
// their ReplicaSet creates others in between, which end before they serve.
func renderRelease(m Action, wl mesh.Workload, t step.Target, at time.Time) ([]step.Change, error) {
	return detachAnd(m.Pods, wl, t, at, func() (step.Change, error) { return renderLift(wl) })
}

// detachAnd renders the detachment of pods, and what follows it at once.
func detachAnd(pods []mesh.Pod, wl mesh.Workload, t step.Target, at time.Time, last func() (step.Change, error)) ([]step.Change, error) {
	var list []step.Change
	for _, p := range pods {
		c, err := renderDetach(p, wl, t, at)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	c, err := last()
	return append(list, c), err
}

func patchDeployment(wl mesh.Workload, body map[string]any) (step.Change, error) {
	return step.MergePatch(string(mesh.Deployment), wl.Namespace, wl.Name, "", body)
}

// unlessZero is how a merge patch writes a number that need not be set: nil deletes it.
func unlessZero(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

// numberOrPercent is how a merge patch writes a number or a percentage: nil deletes it.
func numberOrPercent(s string) any {
	if s == "" {
		return nil
	}
	return target(s)
}
