// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

// Decide decides how a workload is moved: by what it is first, then by what the
// user says of it, then by what moves its kind.
func Decide(p step.Policy, wl mesh.Workload) step.Decision {
	way, is := blockedUnverifiable(wl, decideByKind(p, wl))
	if is {
		return way
	}
	if pin, own := p.TemplateLabels[wl.Ref()]; own && pin != step.TemplateLabelOf(wl) && (way.Moves() || way.Strategy == step.Automatic) && !wl.Swapping() {
		return decideLabelled(p, wl, way)
	}
	return way
}

func decideByKind(p step.Policy, wl mesh.Workload) step.Decision {
	r := p.RuleFor(wl)
	if r.Strategy == step.Leave && !wl.Gateway && !wl.Swapping() {
		return step.Decision{Strategy: step.Leave, Reason: "a rule leaves it as it is", Remedy: "take the rule away (of a run that has begun: give another one), or make its pods anew when it suits"}
	}
	if fixed, is := decideFixed(wl); is && !wl.Swapping() {
		return fixed
	}
	if swapped, is := decideSwap(p, wl); is {
		return swapped
	}
	if binding.LabelledByRun(p, wl) {
		wl.Rollout.Pending = false
	}
	if own, is := byKind[wl.Kind]; is {
		return own(wl, r)
	}
	return decideCustom(wl, r)
}

// byKind are the ways of the kinds of which something is known.
var byKind = map[mesh.Kind]func(mesh.Workload, step.Rule) step.Decision{
	mesh.Deployment: decideRolled, mesh.StatefulSet: decideRolled, mesh.DaemonSet: decideRolled,
	mesh.ReplicaSet: decideEvicted, mesh.ReplicationController: decideEvicted,
	mesh.ArgoRollout: decideArgoRollout,
	mesh.CronJob:     decideCronJob, mesh.Job: decideJob, mesh.BarePod: decidePod, mesh.StaticPod: decidePod,
}

// decideFixed is what neither a kind nor a rule changes.
func decideFixed(wl mesh.Workload) (step.Decision, bool) {
	switch {
	case wl.Gateway:
		return step.Decision{Strategy: step.Leave, Reason: "a gateway: gateways stay with the revision they have", Remedy: "move it by itself, when its clients' versions allow it"}, true
	case wl.Template.Proxy:
		return step.Decision{Strategy: step.Blocked, Reason: "its template carries an istio-proxy of its own (injected by hand): a restart brings the same one back",
			Remedy: "inject its manifest anew with the new revision (istioctl kube-inject --revision), or take the proxy out of it and let the webhook inject"}, true
	case wl.Template.HostNetwork:
		return step.Decision{Strategy: step.Leave, Reason: "hostNetwork pods are never injected"}, true
	case wl.Replicas == 0 && len(wl.Live()) == 0 && wl.Kind != mesh.CronJob:
		return step.Decision{Strategy: step.Automatic, Reason: "it is scaled to zero: its next pod is injected anew"}, true
	}
	return step.Decision{}, false
}

// decideRolled is a kind that its controller rolls when its template changes.
func decideRolled(wl mesh.Workload, r step.Rule) step.Decision {
	evict := ruleFlag(wl, step.ByEviction)
	switch {
	case r.Strategy == step.ByEviction:
		return step.Decision{Strategy: step.ByEviction, Reason: "a rule says so: " + evictionReason}
	case r.Strategy == step.ByField:
		return step.Decision{Strategy: step.ByField, Field: r.Field, Reason: "a rule says so: the time is written into " + r.Field}
	case wl.Rollout.Paused:
		return step.Decision{Strategy: step.Blocked, Reason: "its rollouts are paused: resume them with `kubectl rollout resume`",
			Remedy: fmt.Sprintf("kubectl rollout resume %s/%s -n %s; or have its pods evicted: %s", strings.ToLower(string(wl.Kind)), wl.Name, wl.Namespace, evict)}
	case wl.Rollout.OnDelete && wl.Rollout.Pending:
		return step.Decision{Strategy: step.Blocked, Reason: "its update strategy is OnDelete and its template is newer than its pods: pods made anew would bring that change along",
			Remedy: "finish that update; or let it come along: " + evict}
	case wl.Rollout.OnDelete:
		return step.Decision{Strategy: step.ByEviction, Reason: "its update strategy (OnDelete, or a partition) keeps old pods when its template is stamped; " + evictionReason}
	}
	return step.Decision{Strategy: step.ByRestart, Reason: restartReason(wl)}
}

const evictionReason = "its pods are evicted one after the other, each once the one before is back and ready; disruption budgets are honoured"

func restartReason(wl mesh.Workload) string {
	switch wl.Kind {
	case mesh.StatefulSet:
		return "its controller rolls it, from the highest ordinal down, when its template is stamped; that asks no disruption budget"
	case mesh.DaemonSet:
		return "its controller rolls it, node by node, when its template is stamped; that asks no disruption budget"
	}
	return "its controller rolls it when its template is stamped; that asks no disruption budget"
}

// decideEvicted is a kind whose controller makes pods anew, and replaces none.
func decideEvicted(wl mesh.Workload, r step.Rule) step.Decision {
	if r.Strategy == step.ByRestart || r.Strategy == step.ByField {
		return ruleUnfit(wl, r, "its controller replaces no pods when its template changes")
	}
	if wl.ReadError != "" {
		return step.Decision{Strategy: step.Blocked, Reason: "the object itself cannot be read, so that nobody knows how many pods it ought to have: " + wl.ReadError, Remedy: "permission to list it"}
	}
	return step.Decision{Strategy: step.ByEviction, Reason: "nothing rolls it; " + evictionReason}
}

// decideArgoRollout is a Rollout of Argo: its controller evicts the pods that are older than
// spec.restartAt, and honours disruption budgets (rollout/restart.go @v1.9.2). Its
// template stays as it is, so that no analysis and no steps begin.
func decideArgoRollout(wl mesh.Workload, r step.Rule) step.Decision {
	switch r.Strategy {
	case step.ByEviction:
		return step.Decision{Strategy: step.ByEviction, Reason: "a rule says so: " + evictionReason}
	case step.ByRestart:
		return ruleUnfit(wl, r, "a stamp in its template would begin its canary steps")
	case step.ByField:
		return step.Decision{Strategy: step.ByField, Field: r.Field, Reason: "a rule says so: the time is written into " + r.Field}
	}
	return step.Decision{Strategy: step.ByField, Field: "spec.restartAt", Reason: "the time is written into spec.restartAt: its controller evicts what is older, without a new template or its steps; disruption budgets are honoured"}
}

func decideCronJob(wl mesh.Workload, r step.Rule) step.Decision {
	if r.Strategy != "" {
		return ruleUnfit(wl, r, "its next Job's pods are injected anew by themselves")
	}
	p := step.Decision{Strategy: step.Automatic, Reason: "its next Job's pods are injected anew"}
	if len(wl.Live()) > 0 {
		p.Remedy = "its running Jobs keep theirs: each ends " + wl.CompletesAt
	}
	return p
}

func decideJob(wl mesh.Workload, r step.Rule) step.Decision {
	if r.Strategy != "" {
		return ruleUnfit(wl, r, "an evicted pod of a Job counts as failed")
	}
	return step.Decision{Strategy: step.Leave, Reason: "a Job is never made anew: its pods keep their sidecars until they end", Remedy: "it ends " + wl.CompletesAt}
}

// decidePod is a pod that nobody makes anew through the API server.
func decidePod(wl mesh.Workload, r step.Rule) step.Decision {
	clears := "end it and make it anew by the way that it came; or have it left as it is: " + ruleFlag(wl, step.Leave)
	if wl.Kind == mesh.StaticPod {
		return step.Decision{Strategy: step.Blocked, Reason: "it comes from a file of its node's kubelet", Remedy: clears}
	}
	if r.Strategy != "" {
		return ruleUnfit(wl, r, "nobody would make it anew")
	}
	return step.Decision{Strategy: step.Blocked, Reason: "nothing owns it: nobody would make it anew", Remedy: clears}
}

// decideCustom is a kind of another project, which moves by the user's rule alone.
func decideCustom(wl mesh.Workload, r step.Rule) step.Decision {
	switch {
	case r.Strategy == "" || r.Strategy == step.BySwap || r.Strategy == step.ByRestart:
		return step.Decision{Strategy: step.Blocked, Reason: fmt.Sprintf("nothing is known of the kind %s", wl.Kind),
			Remedy: fmt.Sprintf("a rule: %s, or %s", ruleFlag(wl, "field:PATH (its controller replaces its pods when that changes)"), ruleFlag(wl, step.ByEviction))}
	case wl.ReadError != "":
		return step.Decision{Strategy: step.Blocked, Reason: "a rule says " + string(r.Strategy) + ", but the object itself cannot be read: " + wl.ReadError, Remedy: "permission to list it"}
	case r.Strategy == step.ByField:
		return step.Decision{Strategy: step.ByField, Field: r.Field, Reason: "a rule says so: the time is written into " + r.Field}
	}
	return step.Decision{Strategy: step.ByEviction, Reason: "a rule says so: " + evictionReason}
}

// ruleUnfit is a rule that cannot be followed.
func ruleUnfit(wl mesh.Workload, r step.Rule, why string) step.Decision {
	return step.Decision{Strategy: step.Blocked, Reason: fmt.Sprintf("a rule says %s, but %s", r.Strategy, why), Remedy: "another rule: " + ruleFlag(wl, step.Leave) + ", or none"}
}

// ruleFlag is how the user writes a rule for one workload.
func ruleFlag(wl mesh.Workload, w step.Strategy) string {
	return fmt.Sprintf("--workload '%s=%s'", wl.Ref(), w)
}
