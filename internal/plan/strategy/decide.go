// SPDX-License-Identifier: Apache-2.0

// Package strategy decides how each workload is moved to another revision, and plans,
// renders and simulates the moves that need no swap: rolling restarts, evictions and
// writes of a field.
package strategy

import (
	"cmp"
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
)

// Decide returns how a workload is moved: by what it is, then by the user's rules, then
// by what moves its kind.
func Decide(p step.Policy, wl mesh.Workload) step.Decision {
	decision := decideByKind(p, wl)
	if decision.Moves() && !wl.Swapping() {
		if reason := step.Unverifiable(wl); reason != "" {
			return blocked(reason, "restart it yourself once its namespace is on the new revision, and check it by hand: "+
				"no verification of it would end")
		}
	}
	label, labelled := p.TemplateLabels[wl.Ref()]
	if labelled && label != step.TemplateLabelOf(wl) && !wl.Swapping() && (decision.Moves() || decision.Strategy == step.Automatic) {
		return decideLabelled(p, wl, decision)
	}
	return decision
}

func decideByKind(p step.Policy, wl mesh.Workload) step.Decision {
	r := p.RuleFor(wl)
	if r.Strategy == step.Leave && p.Includes(wl) && !wl.Swapping() {
		return step.Decision{
			Strategy: step.Leave, Reason: "a rule leaves it unchanged",
			Remedy: "remove the rule (in a run that has begun: give another rule), or restart the workload yourself",
		}
	}
	if fixed, ok := decideFixed(p, wl); ok && !wl.Swapping() {
		return fixed
	}
	if swapped, ok := decideSwap(p, wl); ok {
		return swapped
	}
	if wl.ForGateway() {
		return blocked("istiod deploys it for a Gateway of the Gateway API, and its rollout cannot be held: "+
			cmp.Or(swap.UnfitHeld(p, wl), "a rule says "+string(r.Strategy)), labelGateway(wl))
	}
	if wl.Prerendered() {
		return blocked("its template is rendered for one revision, and its rollout cannot be held: "+
			cmp.Or(swap.UnfitHeld(p, wl), "a rule says "+string(r.Strategy)), renderGateway)
	}
	if binding.LabelledByRun(p, wl) {
		wl.Rollout.Pending = false
	}
	if decide, known := byKind[wl.Kind]; known {
		return decide(wl, r)
	}
	return decideCustom(wl, r)
}

// byKind decides for the kinds that are known.
var byKind = map[mesh.Kind]func(mesh.Workload, step.Rule) step.Decision{
	mesh.Deployment:            decideRolled,
	mesh.StatefulSet:           decideRolled,
	mesh.DaemonSet:             decideRolled,
	mesh.ReplicaSet:            decideEvicted,
	mesh.ReplicationController: decideEvicted,
	mesh.ArgoRollout:           decideArgoRollout,
	mesh.CronJob:               decideCronJob,
	mesh.Job:                   decideJob,
	mesh.BarePod:               decidePod,
	mesh.StaticPod:             decidePod,
}

func blocked(reason, remedy string) step.Decision {
	return step.Decision{Strategy: step.Blocked, Reason: reason, Remedy: remedy}
}

// decideFixed decides what neither the kind nor a rule changes.
func decideFixed(p step.Policy, wl mesh.Workload) (step.Decision, bool) {
	switch {
	case !p.Includes(wl):
		return leaveGateway(p, wl), true
	case wl.Template.Proxy && !wl.Prerendered():
		return blocked("its template contains an istio-proxy container (injected by hand): a restart creates the same proxy again",
			"inject its manifest with the new revision (istioctl kube-inject --revision), "+
				"or remove the proxy from it and let the webhook inject it"), true
	case wl.Template.HostNetwork && !wl.Prerendered():
		return step.Decision{Strategy: step.Leave, Reason: "hostNetwork pods are never injected"}, true
	case wl.Replicas == 0 && len(wl.Live()) == 0 && wl.Kind != mesh.CronJob && !wl.ForGateway():
		return step.Decision{Strategy: step.Automatic, Reason: "scaled to zero: its next pod is injected by the new revision"}, true
	}
	return step.Decision{}, false
}

// leaveGateway decides for a gateway that the run does not move.
func leaveGateway(p step.Policy, wl mesh.Workload) step.Decision {
	d := step.Decision{
		Strategy: step.Leave, Reason: "gateway: it stays on its revision",
		Remedy: "upgrade the gateway separately, once the versions of its clients allow it",
	}
	if !p.MovesGateways() {
		return d
	}
	if wl.GatewayMake() == mesh.RenderedGateway {
		d.Reason = "gateway whose template was rendered for one revision: it stays on its revision"
		d.Remedy = renderGateway
	}
	if wl.ByIstioctl() {
		d.Remedy = "name it in a rule of a run with the target's IstioOperator file (--operator), " + ruleFlag(wl, step.ByHold) +
			"; or " + renderGateway
	}
	return d
}

// renderGateway is the remedy for a gateway whose template was rendered for one revision.
const renderGateway = "upgrade it with the istioctl, or the chart, that rendered it, once its clients allow it"

// labelGateway is the remedy for a gateway that istiod deploys and that the run does not
// move.
func labelGateway(wl mesh.Workload) string {
	return fmt.Sprintf("label the Gateway yourself, once its clients allow it; istiod re-creates its pods at once: "+
		"kubectl label gateway -n %s %s %s=REVISION --overwrite", wl.Namespace, wl.Template.Labels[mesh.GatewayLabel], mesh.RevisionLabel)
}

// decideRolled decides for a kind whose controller rolls its pods when its template
// changes.
func decideRolled(wl mesh.Workload, r step.Rule) step.Decision {
	evict := ruleFlag(wl, step.ByEviction)
	switch {
	case r.Strategy == step.ByEviction:
		return evictByRule()
	case r.Strategy == step.ByField:
		return fieldByRule(r)
	case wl.Rollout.Paused:
		return blocked("its rollout is paused", "`"+wl.ResumeCommand()+"`; or have its pods evicted: "+evict)
	case wl.Rollout.OnDelete && wl.Rollout.Pending:
		return blocked("its update strategy is OnDelete and its template is newer than its pods: re-created pods would apply that change",
			"finish that update; or accept it: "+evict)
	case wl.Rollout.OnDelete:
		return step.Decision{
			Strategy: step.ByEviction,
			Reason:   "its update strategy (OnDelete, or a partition) keeps old pods when its template changes; " + evictionReason,
		}
	}
	return step.Decision{Strategy: step.ByRestart, Reason: restartReason(wl)}
}

const evictionReason = "its pods are evicted one at a time, each once the previous one is replaced and ready; " +
	"PodDisruptionBudgets are respected"

func restartReason(wl mesh.Workload) string {
	order := ""
	switch wl.Kind {
	case mesh.StatefulSet:
		order = " from the highest ordinal down"
	case mesh.DaemonSet:
		order = " node by node"
	}
	return "rolling restart" + order + "; PodDisruptionBudgets are not consulted"
}

func evictByRule() step.Decision {
	return step.Decision{Strategy: step.ByEviction, Reason: "by a rule: " + evictionReason}
}

func fieldByRule(r step.Rule) step.Decision {
	return step.Decision{Strategy: step.ByField, Field: r.Field, Reason: "by a rule: the time is written into " + r.Field}
}

// decideEvicted decides for a kind whose controller creates missing pods, and replaces
// none.
func decideEvicted(wl mesh.Workload, r step.Rule) step.Decision {
	if r.Strategy == step.ByRestart || r.Strategy == step.ByField {
		return ruleUnfit(wl, r, "its controller replaces no pods when its template changes")
	}
	if wl.ReadError != "" {
		return blocked("the object itself cannot be read, so that its number of replicas is unknown: "+wl.ReadError, "permission to list it")
	}
	return step.Decision{Strategy: step.ByEviction, Reason: "no controller rolls it; " + evictionReason}
}

// decideArgoRollout decides for a Rollout of Argo Rollouts. Its controller evicts the
// pods that are older than spec.restartAt and respects PodDisruptionBudgets
// (rollout/restart.go, v1.9.2). Its template is unchanged: no steps or analysis begin.
func decideArgoRollout(wl mesh.Workload, r step.Rule) step.Decision {
	switch r.Strategy {
	case step.ByEviction:
		return evictByRule()
	case step.ByRestart:
		return ruleUnfit(wl, r, "a restart annotation in its template would begin its canary steps")
	case step.ByField:
		return fieldByRule(r)
	}
	return step.Decision{
		Strategy: step.ByField, Field: "spec.restartAt",
		Reason: "the time is written into spec.restartAt: the Rollout's controller evicts older pods, without a new template or its steps; " +
			"PodDisruptionBudgets are respected",
	}
}

func decideCronJob(wl mesh.Workload, r step.Rule) step.Decision {
	if r.Strategy != "" {
		return ruleUnfit(wl, r, "the pods of its next Job are injected by the new revision without a restart")
	}
	d := step.Decision{Strategy: step.Automatic, Reason: "the pods of its next Job are injected by the new revision"}
	if len(wl.Live()) > 0 {
		d.Remedy = "its running Jobs keep their sidecars: each ends " + wl.CompletesAt
	}
	return d
}

func decideJob(wl mesh.Workload, r step.Rule) step.Decision {
	if r.Strategy != "" {
		return ruleUnfit(wl, r, "an evicted pod of a Job counts as failed")
	}
	return step.Decision{
		Strategy: step.Leave, Reason: "a Job is not restarted: its pods keep their sidecars until they end",
		Remedy: "it ends " + wl.CompletesAt,
	}
}

// decidePod decides for a pod that no controller re-creates through the API server.
func decidePod(wl mesh.Workload, r step.Rule) step.Decision {
	remedy := "delete it and create it again the same way it was created; or leave it: " + ruleFlag(wl, step.Leave)
	if wl.Kind == mesh.StaticPod {
		return blocked("static pod: its node's kubelet runs it from a file", remedy)
	}
	if r.Strategy != "" {
		return ruleUnfit(wl, r, "no controller would re-create it")
	}
	return blocked("no controller owns it: it would not be re-created", remedy)
}

// decideCustom decides for a kind of another project, which only a rule can move.
func decideCustom(wl mesh.Workload, r step.Rule) step.Decision {
	switch {
	case r.Strategy == "" || r.Strategy == step.BySwap || r.Strategy == step.ByRestart:
		return blocked(fmt.Sprintf("unknown kind %s", wl.Kind), fmt.Sprintf("a rule: %s, or %s",
			ruleFlag(wl, "field:PATH (its controller replaces its pods when that field changes)"), ruleFlag(wl, step.ByEviction)))
	case wl.ReadError != "":
		return blocked("a rule says "+string(r.Strategy)+", but the object itself cannot be read: "+wl.ReadError, "permission to list it")
	case r.Strategy == step.ByField:
		return fieldByRule(r)
	}
	return evictByRule()
}

// ruleUnfit decides for a workload whose rule cannot be followed.
func ruleUnfit(wl mesh.Workload, r step.Rule, reason string) step.Decision {
	return blocked(fmt.Sprintf("a rule says %s, but %s", r.Strategy, reason),
		"another rule: "+ruleFlag(wl, step.Leave)+", or none")
}

// ruleFlag writes a rule for one workload as the command line takes it.
func ruleFlag(wl mesh.Workload, s step.Strategy) string {
	return fmt.Sprintf("--workload '%s=%s'", wl.Ref(), s)
}
