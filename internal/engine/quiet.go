// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
)

// ripe is how many parked pods may end by one look. Those that serve in their stead
// are as that look saw them, and it must not be old when the last one ends: nothing
// else could be put back.
const ripe = 20

// hearing is what parked pods' proxies said, by the pods' UIDs: "" where nothing
// goes through them. A pod that is not in it was not asked.
type hearing map[string]string

func (h hearing) of(p mesh.Pod) bool { _, ok := h[p.UID]; return ok }

// asked reports whether a move ends a pod whose proxy can be asked first.
func asked(m swap.Action) bool {
	return m.Kind == swap.DeletePod && m.Pod.Running && m.Pod.Ready && m.Pod.Sidecar.Present
}

// listen asks the proxies of the pods that a retirement would end now what goes
// through them, each of them twice: what is short may be under way at neither
// moment. It asks until some are quiet, or some time is over.
func (t *turn) listen(ctx context.Context, next []retirement) hearing {
	heard, began := hearing{}, t.Clock.Now()
	var once []quietOnce
	for _, r := range next {
		for _, m := range r.moves {
			if !asked(m) || len(once) == ripe || t.Clock.Now().Sub(began) > ripe*t.Poll/4 {
				continue
			}
			first, err := t.Observer.Traffic(ctx, r.wl.Namespace, m.Pod.Name)
			if says := loud(first, err); says != "" {
				heard[m.Pod.UID] = says
				continue
			}
			once = append(once, quietOnce{r.wl.Namespace, m.Pod, first.Total})
		}
	}
	if len(once) == 0 {
		return heard
	}
	if err := t.Clock.Sleep(ctx, t.Poll); err != nil {
		return heard
	}
	for _, p := range once {
		second, err := t.Observer.Traffic(ctx, p.namespace, p.pod.Name)
		says := loud(second, err)
		if says == "" && second.Total != p.total {
			says = fmt.Sprintf("%d requests in all, and a moment later %d", p.total, second.Total)
		}
		heard[p.pod.UID] = says
	}
	return heard
}

// quietOnce is a pod through which nothing went at a first look.
type quietOnce struct {
	namespace string
	pod       mesh.Pod
	total     int
}

// loud says what goes through a pod, or why nobody knows, "" for nothing.
func loud(x mesh.Traffic, err error) string {
	switch {
	case err != nil:
		return err.Error()
	case !x.Idle:
		return x.Evidence
	}
	return ""
}
