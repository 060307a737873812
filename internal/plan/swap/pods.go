// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Pods are a workload's pods as a swap sees them.
type Pods struct {
	wl       mesh.Workload
	want     string
	back     bool       // on rollback
	held     bool       // by a held rollout
	attached []mesh.Pod // those of its ReplicaSet

	Outdated  []mesh.Pod // attached, of another revision than is wanted; the youngest last
	Returning []mesh.Pod // detached, not parked, and fit to be reattached
	leaving   []mesh.Pod // detached, not parked, and not fit
	Parked    []mesh.Pod // parked, and fit to be reattached
}

// PodsOf sorts a workload's pods for a swap towards the target.
func PodsOf(wl mesh.Workload, t step.Target) Pods {
	s := Pods{wl: wl, want: t.RevisionOf(wl), back: t.Rollback, held: t.Policy.NeedsTemplate(wl), attached: wl.AttachedPods()}
	for _, p := range s.attached {
		if p.Sidecar.Revision != s.want {
			s.Outdated = append(s.Outdated, p)
		}
	}
	slices.SortStableFunc(s.Outdated, func(a, b mesh.Pod) int { return a.Created.Compare(b.Created) })
	for _, p := range wl.DetachedPods() {
		switch fit := s.fits(p); {
		case p.Terminating:
		case p.Swap.Place == mesh.Parked && fit:
			s.Parked = append(s.Parked, p)
		case p.Swap.Place == mesh.Parked:
		case fit:
			s.Returning = append(s.Returning, p)
		default:
			s.leaving = append(s.leaving, p)
		}
	}
	return s
}

// fits reports whether the ReplicaSet may have a pod again: of the wanted revision,
// ready, and of its present template, which the rollback of a held rollout restores. On
// rollback only original pods fit.
func (s Pods) fits(p mesh.Pod) bool {
	return p.Sidecar.Revision == s.want && p.Ready && s.wl.ReplicaSetHash != "" &&
		(s.held && s.back || p.Swap.ReplicaSetHash == s.wl.ReplicaSetHash) && (!s.back || p.Swap.Role == mesh.Original)
}

// toReplace returns the pod that a returning pod replaces: one of another revision,
// else, on rollback, one that was created since the swap began; nil for none. A run that
// is killed in each exchange leaves a replacement each time: after MaxAttempts the
// newest may stay.
func (s Pods) toReplace() *mesh.Pod {
	if silent := s.unready(); silent != nil {
		return silent
	}
	if len(s.Outdated) > 0 {
		return &s.Outdated[0]
	}
	if !s.back || len(s.attached) < s.wl.Replicas || s.replacements() >= step.MaxAttempts {
		return nil
	}
	var youngest *mesh.Pod
	for i, o := range s.attached {
		if o.Swap.Role != mesh.Original && s.cameAfterStart(o) && (youngest == nil || o.Created.After(youngest.Created)) {
			youngest = &s.attached[i]
		}
	}
	return youngest
}

// broken returns, on rollback, a pod of another revision that is not ready; nil for
// none. It is not waited for: what is wrong with it may be why the run rolls back. At
// most a few are detached, in case a webhook keeps creating them.
func (s Pods) broken() *mesh.Pod {
	if !s.back || len(s.leaving) >= s.wl.Replicas+step.MaxAttempts {
		return nil
	}
	return s.unready()
}

// unready returns a pod of another revision that is not ready, nil for none.
func (s Pods) unready() *mesh.Pod {
	for i, o := range s.Outdated {
		if !o.Ready {
			return &s.Outdated[i]
		}
	}
	return nil
}

// replacements returns the number of detached replacements of the wanted revision.
func (s Pods) replacements() int {
	n := 0
	for _, p := range s.wl.DetachedPods() {
		if s.isReplacement(p) {
			n++
		}
	}
	return n
}

// isReplacement reports whether a detached pod was created in the place of another one,
// and is of the wanted revision.
func (s Pods) isReplacement(p mesh.Pod) bool {
	return p.Swap.Role == mesh.Replacement && p.Sidecar.Revision == s.want
}

// controllerBehind says what the controllers have not done yet, "" when they are up to
// date.
func (s Pods) controllerBehind() string {
	if s.wl.ReplicaSetHash == "" {
		return "its controller to observe its newest template"
	}
	for _, p := range s.wl.Pods {
		switch {
		case p.Terminating:
		case p.Swap.Place != mesh.Attached && p.HasController:
			return fmt.Sprintf("its ReplicaSet to release pod %s", p.Name)
		case p.Swap.Place == mesh.Attached && !p.HasController:
			return fmt.Sprintf("its ReplicaSet to adopt pod %s", p.Name)
		case p.Swap.Place == mesh.Attached && !p.Current:
			return fmt.Sprintf("its rollout of another template: pod %s has an older one", p.Name)
		}
	}
	return ""
}

// missing says why fewer of the attached pods serve than should, "" when enough do. Of a
// held rollout the pods of the newest template count.
func (s Pods) missing() string {
	attached := s.attached
	if s.held {
		attached = slices.DeleteFunc(slices.Clone(attached), func(p mesh.Pod) bool { return !p.Current })
	}
	for _, p := range attached {
		switch {
		case !p.Ready && p.Problem != "":
			return fmt.Sprintf("pod %s: %s", p.Name, p.Problem)
		case !p.Ready:
			return fmt.Sprintf("pod %s to become ready", p.Name)
		case p.NotAvailable && !s.wl.Held.Holds():
			return fmt.Sprintf("pod %s to be ready for its minReadySeconds", p.Name)
		case s.endpointsKnown() && !s.serves(p):
			return fmt.Sprintf("pod %s to be an endpoint of %s", p.Name, s.services())
		}
	}
	if len(attached) < s.wl.Replicas {
		return fmt.Sprintf("its ReplicaSet to create a pod: %d of %d exist%s", len(attached), s.wl.Replicas, because(s.wl.Rollout.Message))
	}
	return ""
}

func because(message string) string {
	if message == "" {
		return ""
	}
	return " (" + message + ")"
}

// endpointsKnown reports whether endpoints were read: they are read once a pod bears the
// annotation.
func (s Pods) endpointsKnown() bool {
	return slices.ContainsFunc(s.wl.Pods, func(p mesh.Pod) bool { return p.Swap.Marked() })
}

// serves reports whether a pod is an endpoint of every Service that selects the
// workload.
func (s Pods) serves(p mesh.Pod) bool {
	return !slices.ContainsFunc(s.wl.Services, func(v mesh.Service) bool { return !v.Partial && !slices.Contains(p.Endpoints, v.Name) })
}

func (s Pods) services() string {
	var names []string
	for _, v := range s.wl.Services {
		if !v.Partial {
			names = append(names, v.Name)
		}
	}
	return strings.Join(names, ", ")
}

// wrongRevision returns the newest attached pod, if it was created for a detached one
// and injected by another revision than the wanted one; nil for none.
func (s Pods) wrongRevision() *mesh.Pod {
	if len(s.Parked) > 0 || len(s.Outdated) == 0 {
		return nil
	}
	newest := &s.Outdated[len(s.Outdated)-1]
	if newest.Swap.Marked() || !s.cameForDetached(*newest) || slices.ContainsFunc(
		s.attached,
		func(p mesh.Pod) bool { return p.Created.After(newest.Created) },
	) {
		return nil
	}
	return newest
}

// cameAfterStart reports whether a pod was created after the swap began.
func (s Pods) cameAfterStart(p mesh.Pod) bool {
	return slices.ContainsFunc(s.wl.Pods, func(o mesh.Pod) bool { return o.Swap.Marked() && createdSince(p, o.Swap.StartedAt) })
}

// cameForDetached reports whether a pod was created when a pod that is leaving was
// detached.
func (s Pods) cameForDetached(p mesh.Pod) bool {
	return slices.ContainsFunc(s.leaving, func(o mesh.Pod) bool { return createdSince(p, o.Swap.DetachedAt) })
}

// createdSince reports whether a pod was created at a time or later. Creation times have
// a resolution of one second.
func createdSince(p mesh.Pod, then time.Time) bool {
	return !p.Created.Before(then.Truncate(time.Second))
}

// roleOf tells an original pod from one that was created since the swap began.
func (s Pods) roleOf(p mesh.Pod) mesh.SwapRole {
	if s.back || s.cameAfterStart(p) {
		return mesh.Replacement
	}
	return mesh.Original
}
