// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// Passage decides how a workload is moved: by what it is first, then by what the
// user says of it, then by what moves its kind.
func (p Policy) Passage(wl mesh.Workload) Passage {
	way, is := stuckUnproven(wl, p.passage(wl))
	if is {
		return way
	}
	if pin, own := p.Pinned[wl.Key()]; own && pin != pinOf(wl) && (way.Moves() || way.Way == ByItself) && !wl.Swapping() {
		return p.pinning(wl, way)
	}
	return way
}

func (p Policy) passage(wl mesh.Workload) Passage {
	r := p.rule(wl)
	if r.Way == Leave && !wl.Gateway && !wl.Swapping() {
		return Passage{Way: Leave, Why: "a rule leaves it as it is", Clears: "take the rule away (of a run that has begun: give another one), or make its pods anew when it suits"}
	}
	if fixed, is := fixed(wl); is && !wl.Swapping() {
		return fixed
	}
	if swapped, is := p.swapped(wl); is {
		return swapped
	}
	if p.repinned(wl) {
		wl.Rollout.Pending = false
	}
	if own, is := kinds[wl.Kind]; is {
		return own(wl, r)
	}
	return foreign(wl, r)
}

// kinds are the ways of the kinds of which something is known.
var kinds = map[mesh.Kind]func(mesh.Workload, Rule) Passage{
	mesh.Deployment: rolled, mesh.StatefulSet: rolled, mesh.DaemonSet: rolled,
	mesh.ReplicaSet: evicted, mesh.ReplicationController: evicted,
	mesh.ArgoRollout: argo,
	mesh.CronJob:     cron, mesh.Job: job, mesh.BarePod: alone, mesh.StaticPod: alone,
}

// fixed is what neither a kind nor a rule changes.
func fixed(wl mesh.Workload) (Passage, bool) {
	switch {
	case wl.Gateway:
		return Passage{Way: Leave, Why: "a gateway: gateways stay with the revision they have", Clears: "move it by itself, when its clients' versions allow it"}, true
	case wl.Template.Proxy:
		return Passage{Way: Stuck, Why: "its template carries an istio-proxy of its own (injected by hand): a restart brings the same one back",
			Clears: "inject its manifest anew with the new revision (istioctl kube-inject --revision), or take the proxy out of it and let the webhook inject"}, true
	case wl.Template.HostNetwork:
		return Passage{Way: Leave, Why: "hostNetwork pods are never injected"}, true
	case wl.Wanted == 0 && len(wl.Live()) == 0 && wl.Kind != mesh.CronJob:
		return Passage{Way: ByItself, Why: "it is scaled to zero: its next pod is injected anew"}, true
	}
	return Passage{}, false
}

// rolled is a kind that its controller rolls when its template changes.
func rolled(wl mesh.Workload, r Rule) Passage {
	evict := rule(wl, ByEviction)
	switch {
	case r.Way == ByEviction:
		return Passage{Way: ByEviction, Why: "a rule says so: " + byEviction}
	case r.Way == ByField:
		return Passage{Way: ByField, Field: r.Field, Why: "a rule says so: the time is written into " + r.Field}
	case wl.Rollout.Paused:
		return Passage{Way: Stuck, Why: "its rollouts are paused: resume them with `kubectl rollout resume`",
			Clears: fmt.Sprintf("kubectl rollout resume %s/%s -n %s; or have its pods evicted: %s", strings.ToLower(string(wl.Kind)), wl.Name, wl.Namespace, evict)}
	case wl.Rollout.Manual && wl.Rollout.Pending:
		return Passage{Way: Stuck, Why: "its update strategy is OnDelete and its template is newer than its pods: pods made anew would bring that change along",
			Clears: "finish that update; or let it come along: " + evict}
	case wl.Rollout.Manual:
		return Passage{Way: ByEviction, Why: "its update strategy (OnDelete, or a partition) keeps old pods when its template is stamped; " + byEviction}
	}
	return Passage{Way: ByRestart, Why: byRestart(wl)}
}

const byEviction = "its pods are evicted one after the other, each once the one before is back and ready; disruption budgets are honoured"

func byRestart(wl mesh.Workload) string {
	switch wl.Kind {
	case mesh.StatefulSet:
		return "its controller rolls it, from the highest ordinal down, when its template is stamped; that asks no disruption budget"
	case mesh.DaemonSet:
		return "its controller rolls it, node by node, when its template is stamped; that asks no disruption budget"
	}
	return "its controller rolls it when its template is stamped; that asks no disruption budget"
}

// evicted is a kind whose controller makes pods anew, and replaces none.
func evicted(wl mesh.Workload, r Rule) Passage {
	if r.Way == ByRestart || r.Way == ByField {
		return misfit(wl, r, "its controller replaces no pods when its template changes")
	}
	if wl.Unread != "" {
		return Passage{Way: Stuck, Why: "the object itself cannot be read, so that nobody knows how many pods it ought to have: " + wl.Unread, Clears: "permission to list it"}
	}
	return Passage{Way: ByEviction, Why: "nothing rolls it; " + byEviction}
}

// argo is a Rollout of Argo: its controller evicts the pods that are older than
// spec.restartAt, and honours disruption budgets (rollout/restart.go @v1.9.2). Its
// template stays as it is, so that no analysis and no steps begin.
func argo(wl mesh.Workload, r Rule) Passage {
	switch r.Way {
	case ByEviction:
		return Passage{Way: ByEviction, Why: "a rule says so: " + byEviction}
	case ByRestart:
		return misfit(wl, r, "a stamp in its template would begin its canary steps")
	case ByField:
		return Passage{Way: ByField, Field: r.Field, Why: "a rule says so: the time is written into " + r.Field}
	}
	return Passage{Way: ByField, Field: "spec.restartAt", Why: "the time is written into spec.restartAt: its controller evicts what is older, without a new template or its steps; disruption budgets are honoured"}
}

func cron(wl mesh.Workload, r Rule) Passage {
	if r.Way != "" {
		return misfit(wl, r, "its next Job's pods are injected anew by themselves")
	}
	p := Passage{Way: ByItself, Why: "its next Job's pods are injected anew"}
	if len(wl.Live()) > 0 {
		p.Clears = "its running Jobs keep theirs: each ends " + wl.Ends
	}
	return p
}

func job(wl mesh.Workload, r Rule) Passage {
	if r.Way != "" {
		return misfit(wl, r, "an evicted pod of a Job counts as failed")
	}
	return Passage{Way: Leave, Why: "a Job is never made anew: its pods keep their sidecars until they end", Clears: "it ends " + wl.Ends}
}

// alone is a pod that nobody makes anew through the API server.
func alone(wl mesh.Workload, r Rule) Passage {
	clears := "end it and make it anew by the way that it came; or have it left as it is: " + rule(wl, Leave)
	if wl.Kind == mesh.StaticPod {
		return Passage{Way: Stuck, Why: "it comes from a file of its node's kubelet", Clears: clears}
	}
	if r.Way != "" {
		return misfit(wl, r, "nobody would make it anew")
	}
	return Passage{Way: Stuck, Why: "nothing owns it: nobody would make it anew", Clears: clears}
}

// foreign is a kind of another project, which moves by the user's rule alone.
func foreign(wl mesh.Workload, r Rule) Passage {
	switch {
	case r.Way == "" || r.Way == BySwap || r.Way == ByRestart:
		return Passage{Way: Stuck, Why: fmt.Sprintf("nothing is known of the kind %s", wl.Kind),
			Clears: fmt.Sprintf("a rule: %s, or %s", rule(wl, "field:PATH (its controller replaces its pods when that changes)"), rule(wl, ByEviction))}
	case wl.Unread != "":
		return Passage{Way: Stuck, Why: "a rule says " + string(r.Way) + ", but the object itself cannot be read: " + wl.Unread, Clears: "permission to list it"}
	case r.Way == ByField:
		return Passage{Way: ByField, Field: r.Field, Why: "a rule says so: the time is written into " + r.Field}
	}
	return Passage{Way: ByEviction, Why: "a rule says so: " + byEviction}
}

// misfit is a rule that cannot be followed.
func misfit(wl mesh.Workload, r Rule, why string) Passage {
	return Passage{Way: Stuck, Why: fmt.Sprintf("a rule says %s, but %s", r.Way, why), Clears: "another rule: " + rule(wl, Leave) + ", or none"}
}

// rule is how the user writes a rule for one workload.
func rule(wl mesh.Workload, w Way) string {
	return fmt.Sprintf("--workload '%s=%s'", wl.Key(), w)
}
