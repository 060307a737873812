// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/report/format"
)

// disagreements says in plain words where a workload's four truths differ.
func disagreements(w mesh.World, wl mesh.Workload, t Truths) []string {
	if wl.Template.HostNetwork {
		return nil
	}
	var found []string
	say := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	asked(w, t, say)
	if !wl.Template.Proxy {
		injected(wl, t, say)
	}
	wired(w, wl, t, say)
	return found
}

type sayer func(format string, args ...any)

// asked compares the labels with the live webhooks.
func asked(w mesh.World, t Truths, say sayer) {
	if t.Asks.Moot != "" {
		say("%s has no effect: %s decides", t.Asks.Moot, t.Asks.Label)
	}
	switch gets := strings.Join(t.Webhooks, " and "); {
	case t.Asks.Value != "" && t.Asks.Revision == "":
		say("%s names %s, which nobody serves: a new pod gets %s", t.Asks.Label, t.Asks.Value, cmp.Or(gets, "no sidecar, and no error"))
	case len(t.Webhooks) > 1:
		say("the webhooks of %s would all inject a new pod", gets)
	case t.Asks.Revision != gets && t.Asks.Revision == "":
		say("the labels ask for no sidecar, and the webhooks would inject one of %s", gets)
	case t.Asks.Revision != gets:
		say("%s asks for %s, and the webhooks would give a new pod %s", t.Asks.Label, t.Asks.Revision, cmp.Or(gets, "no sidecar"))
	}
}

// injected compares what the webhooks would do with what the pods carry.
func injected(wl mesh.Workload, t Truths, say sayer) {
	gets := strings.Join(t.Webhooks, " and ")
	for _, c := range t.Carries {
		pods := format.Count(c.Pods, "pod")
		switch {
		case slices.Contains(t.Webhooks, c.Revision) || (c.Revision == "" && gets == ""):
		case c.Revision == "":
			say("%s without a sidecar, and a new one would get one of %s: it needs a restart to join the mesh", pods+" "+run(c.Pods), gets)
		case gets == "":
			say("%s %s a sidecar of %s, and a new one would get none: the next restart takes it out of the mesh", pods, carry(c.Pods), c.Revision)
		default:
			say("%s %s a sidecar of %s, and a new one would get %s: the next restart moves it", pods, carry(c.Pods), c.Revision, gets)
		}
	}
}

// wired compares what the pods carry with who serves them.
func wired(w mesh.World, wl mesh.Workload, t Truths, say sayer) {
	if len(t.Alone) > 0 && t.Unknown {
		say("whether %s %s connected is not known: an istiod did not answer", format.List(t.Alone, 3), format.Are(len(t.Alone)))
	} else if len(t.Alone) > 0 {
		say("no istiod knows the proxy of %s", format.List(t.Alone, 3))
	}
	for _, p := range wl.Live() {
		links := w.Connections(wl.Namespace, p.Name)
		if len(links) > 1 {
			say("%s is connected to %d istiods at once", p.Name, len(links))
		}
		for _, l := range links {
			if l.Revision != p.Sidecar.Revision {
				say("%s carries a sidecar of %s and is served by %s of %s", p.Name, cmp.Or(p.Sidecar.Revision, "nobody"), l.Istiod, l.Revision)
			}
		}
	}
	for _, c := range t.Connected {
		if len(c.Rejected) > 0 {
			say("rejected what %s sent: %s", c.Istiod, format.List(c.Rejected, 2))
		}
		if len(c.Unacked) > 0 {
			say("not acknowledged yet, from %s: %s", c.Istiod, format.List(c.Unacked, 4))
		}
	}
}

// swapped names what a swap has in hand: it is a run's, and ends with it, and the
// four truths agree for all that.
func swapped(wl mesh.Workload, say sayer) {
	switch held := inHand(wl); {
	case held != "":
		say("a swap has pods of it in hand (%s, of run %s): that run takes them away, or puts them back", held, cmp.Or(wl.DetachedPods()[0].Swap.Run, "unknown"))
	case wl.Keeper != "":
		say("Service %s is the keeper of a swap and keeps nothing: the run that made it takes it away", wl.Keeper)
	}
}

func run(n int) string {
	if n == 1 {
		return "runs"
	}
	return "run"
}

func carry(n int) string {
	if n == 1 {
		return "carries"
	}
	return "carry"
}
