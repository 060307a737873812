// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

// stock is a workload's pods as a swap sees them.
type stock struct {
	wl      mesh.Workload
	want    string
	back    bool
	own     []mesh.Pod // its ReplicaSet's
	others  []mesh.Pod // those of them that are of another revision than is wanted, the youngest last
	homing  []mesh.Pod // released, and fit to be adopted again
	leaving []mesh.Pod // released, and not
	parked  []mesh.Pod // parked, and fit to be adopted again
}

func stockOf(wl mesh.Workload, t Target) stock {
	s := stock{wl: wl, want: t.Want(wl), back: t.Back, own: wl.Own()}
	for _, p := range s.own {
		if p.Sidecar.Revision != s.want {
			s.others = append(s.others, p)
		}
	}
	slices.SortStableFunc(s.others, func(a, b mesh.Pod) int { return a.Created.Compare(b.Created) })
	for _, p := range wl.Kept() {
		switch fit := s.fits(p); {
		case p.Terminating:
		case p.Swap.Place == mesh.Parked && fit:
			s.parked = append(s.parked, p)
		case p.Swap.Place == mesh.Parked:
		case fit:
			s.homing = append(s.homing, p)
		default:
			s.leaving = append(s.leaving, p)
		}
	}
	return s
}

// fits reports whether the ReplicaSet may have a pod again: of the wanted
// revision, well, and made from the template that it would make one from now. On
// the way back only those are wanted that were there before.
func (s stock) fits(p mesh.Pod) bool {
	return p.Sidecar.Revision == s.want && p.Ready && s.wl.Set != "" && p.Swap.Hash == s.wl.Set &&
		(!s.back || p.Swap.Role == mesh.Original)
}

// partner is the pod whose place a kept one takes: one of another revision, else
// on the way back one that came since the swap began; nil for none.
// A run that is killed in the middle of each exchange leaves a stand-in behind each
// time: after some the newest may stay, or there would be no end.
func (s stock) partner() *mesh.Pod {
	if silent := s.unready(); silent != nil {
		return silent
	}
	if len(s.others) > 0 {
		return &s.others[0]
	}
	if !s.back || len(s.own) < s.wl.Wanted || s.standIns() >= Attempts {
		return nil
	}
	var youngest *mesh.Pod
	for i, o := range s.own {
		if o.Swap.Role != mesh.Original && s.since(o) && (youngest == nil || o.Created.After(youngest.Created)) {
			youngest = &s.own[i]
		}
	}
	return youngest
}

// broken is, on the way back, a pod of another revision that does not serve: what
// is wrong with it is why one goes back, so that it is not waited for. A webhook
// that goes on making such pods makes no more than a few. nil is none.
func (s stock) broken() *mesh.Pod {
	if !s.back || len(s.leaving) >= s.wl.Wanted+Attempts {
		return nil
	}
	return s.unready()
}

// unready is a pod of another revision that serves nobody, nil for none.
func (s stock) unready() *mesh.Pod {
	for i, o := range s.others {
		if !o.Ready {
			return &s.others[i]
		}
	}
	return nil
}

// standIns counts the stand-ins of the wanted revision that were released.
func (s stock) standIns() int {
	n := 0
	for _, p := range s.wl.Kept() {
		if s.standIn(p) {
			n++
		}
	}
	return n
}

// standIn reports whether a kept pod is one that came in the place of another, of
// the wanted revision.
func (s stock) standIn(p mesh.Pod) bool {
	return p.Swap.Role == mesh.StandIn && p.Sidecar.Revision == s.want
}

// unsettled says what the controllers have not done yet of what was asked of them.
func (s stock) unsettled() string {
	if s.wl.Set == "" {
		return "its controller to see its newest template"
	}
	for _, p := range s.wl.Pods {
		switch {
		case p.Terminating:
		case p.Swap.Place != mesh.Held && p.Owned:
			return fmt.Sprintf("its ReplicaSet to let pod %s go", p.Name)
		case p.Swap.Place == mesh.Held && !p.Owned:
			return fmt.Sprintf("its ReplicaSet to adopt pod %s", p.Name)
		case p.Swap.Place == mesh.Held && !p.Current:
			return fmt.Sprintf("its rollout of another template: pod %s is of an older one", p.Name)
		}
	}
	return ""
}

// short says why fewer of its own pods serve than should, "" when enough do.
func (s stock) short() string {
	for _, p := range s.own {
		switch {
		case !p.Ready && p.Trouble != "":
			return fmt.Sprintf("pod %s: %s", p.Name, p.Trouble)
		case !p.Ready:
			return fmt.Sprintf("pod %s to get ready", p.Name)
		case p.Unsteady:
			return fmt.Sprintf("pod %s to be ready for its minReadySeconds", p.Name)
		case s.known() && !s.serves(p):
			return fmt.Sprintf("pod %s to be an endpoint of %s", p.Name, s.services())
		}
	}
	if len(s.own) < s.wl.Wanted {
		return fmt.Sprintf("its ReplicaSet to make a pod: %d of %d are there%s", len(s.own), s.wl.Wanted, because(s.wl.Rollout.Message))
	}
	return ""
}

func because(message string) string {
	if message == "" {
		return ""
	}
	return " (" + message + ")"
}

// known reports whether endpoints were read: they are once a pod bears a mark.
func (s stock) known() bool {
	return slices.ContainsFunc(s.wl.Pods, func(p mesh.Pod) bool { return p.Swap.Marked() })
}

// serves reports whether a pod is an endpoint of every Service that selects the
// workload.
func (s stock) serves(p mesh.Pod) bool {
	return !slices.ContainsFunc(s.wl.Services, func(v mesh.Service) bool { return !v.Partial && !slices.Contains(p.Endpoints, v.Name) })
}

func (s stock) services() string {
	var names []string
	for _, v := range s.wl.Services {
		if !v.Partial {
			names = append(names, v.Name)
		}
	}
	return strings.Join(names, ", ")
}

// wrong is the newest of its own pods, where that came for a released one and
// another revision than the wanted one injected it. nil is none.
func (s stock) wrong() *mesh.Pod {
	if len(s.parked) > 0 || len(s.others) == 0 {
		return nil
	}
	newest := &s.others[len(s.others)-1]
	if newest.Swap.Marked() || !s.replaces(*newest) || slices.ContainsFunc(s.own, func(p mesh.Pod) bool { return p.Created.After(newest.Created) }) {
		return nil
	}
	return newest
}

// since reports whether a pod came after the swap had begun.
func (s stock) since(p mesh.Pod) bool {
	return slices.ContainsFunc(s.wl.Pods, func(o mesh.Pod) bool { return o.Swap.Marked() && followed(p, o.Swap.Since) })
}

// replaces reports whether a pod came when one that is out now was released.
func (s stock) replaces(p mesh.Pod) bool {
	return slices.ContainsFunc(s.leaving, func(o mesh.Pod) bool { return followed(p, o.Swap.Left) })
}

// followed reports whether a pod was made then or later: when it was made is known
// to the second.
func followed(p mesh.Pod, then time.Time) bool { return !p.Created.Before(then.Truncate(time.Second)) }

// roleOf tells a pod that was there before the swap from one that came since.
func (s stock) roleOf(p mesh.Pod) mesh.SwapRole {
	if s.back || s.since(p) {
		return mesh.StandIn
	}
	return mesh.Original
}
