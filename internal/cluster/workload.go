// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/mesh"
)

// aside are namespaces whose workloads concern no mesh: istiod never injects there.
var aside = []string{"kube-system", "kube-public", "kube-node-lease"}

// readings are everything that workloads are put together from. The controllers
// were read first and the middle links last, so that every pod's link is there.
type readings struct {
	namespaces   []mesh.Namespace
	deployments  []controller
	statefulSets []controller
	daemonSets   []controller
	rollouts     []controller // Argo's
	replicaSets  []controller // those that nothing owns
	cronJobs     []controller
	strangers    map[types.UID]stranger
	ends         map[types.UID]string // Jobs: when they end
	scalers      map[string]mesh.Scaler
	misled       map[string][]string // autoscalers that parked pods would mislead, by their target; read only where a run swaps
	unscaled     bool                // a run swaps, and autoscalers may not be listed
	pods         []pod
	links        chain
	generations  generations
	services     map[string][]mesh.Service // by namespace, without keepers
	keepers      map[string]string         // names of keepers, by the key of their workload
	endpoints    endpoints
	selecting    []selecting
	now          time.Time
}

// workloads are the root owners of every pod with a sidecar and of every
// gateway, and what labels bind though it has no such pod.
func (r readings) workloads() []mesh.Workload {
	pods, kept := map[types.UID][]pod{}, r.keeping()
	for _, p := range r.pods {
		p.owner, p.Endpoints = kept.owner(p, r.root(p)), r.endpoints[types.UID(p.UID)]
		pods[p.owner.uid] = append(pods[p.owner.uid], p)
	}
	labelled, others := map[string]bool{}, r.others()
	for _, n := range r.namespaces {
		labelled[n.Name] = boundNamespace(n.Labels)
	}
	var list []mesh.Workload
	for _, c := range slices.Concat(r.deployments, r.statefulSets, r.daemonSets, r.rollouts, r.replicaSets, r.cronJobs) {
		own := pods[c.uid]
		delete(pods, c.uid)
		for i, p := range own {
			own[i].NotAvailable = p.Ready && c.steady > 0 && r.now.Before(p.since.Add(c.steady))
		}
		c = r.borrowed(c, own)
		if slices.Contains(aside, c.Namespace) {
			continue
		}
		if concerned(own) || c.Gateway || c.Template.Proxy || labelled[c.Namespace] || boundTemplate(c.Template.Labels) {
			w := r.shared(c.with(own, r.generations), own)
			w.Selectors = others[w.Namespace]
			w.CompletesAt = r.ending(own)
			kept.found(w.Key())
			list = append(list, w)
		}
	}
	for _, own := range pods { // what a rolling restart does not move
		if w, is := kept.gone(own, r.services); is {
			list = append(list, w)
			continue
		}
		if concerned(own) && !slices.Contains(aside, own[0].namespace) {
			w := r.strangers[own[0].owner.uid].on(unmovable(own))
			w.CompletesAt = r.ending(own)
			list = append(list, w)
		}
	}
	list = append(list, kept.empty()...)
	for i, w := range list {
		list[i].Scaler = r.scalers[w.Key()]
	}
	return list
}

// root is a pod's root owner. A Deployment that keeps little history takes an old
// ReplicaSet away while its last pods still drain; such a pod is known by the
// ReplicaSet's name, which is the Deployment's and the template's hash.
func (r readings) root(p pod) owner {
	root := r.links.root(p.owner)
	hash := p.labels[podTemplateHash]
	name, ok := strings.CutSuffix(root.name, "-"+hash)
	if root.kind != "ReplicaSet" || hash == "" || !ok {
		return root
	}
	for _, d := range r.deployments {
		if d.Namespace == root.namespace && d.Name == name {
			return owner{"apps/v1", d.Kind, d.Namespace, d.Name, d.uid}
		}
	}
	return root
}

// concerned reports whether one of the pods is a proxy or carries one.
func concerned(pods []pod) bool {
	return slices.ContainsFunc(pods, func(p pod) bool { return p.Sidecar.Present || p.gateway })
}

// with joins a controller with its pods.
func (c controller) with(pods []pod, g generations) mesh.Workload {
	w, newest := c.Workload, c.current(g)
	if newest.label == podTemplateHash {
		w.ReplicaSetHash = newest.value
	}
	for _, p := range pods {
		if p.Current = newest.has(p.labels) && p.Swap.Place == mesh.Attached; c.bySince {
			p.Current = !p.Created.Before(c.since) && !c.older(p)
		}
		if !p.Terminating {
			w.Needs = p.needs
		}
		w.Pods = append(w.Pods, p.Pod)
		w.Gateway = w.Gateway || p.gateway
	}
	if c.bySince {
		w.Rollout = standing(w)
		return w
	}
	w.Rollout = settled(w.Rollout, w.Pods)
	return w
}

// unmovable is a workload of some other kind, known only by its pods: a Job, a
// bare pod, another project's resource. It has no template but what its pods
// show, and a restart of ours does not replace them.
func unmovable(pods []pod) mesh.Workload {
	slices.SortFunc(pods, func(a, b pod) int { return strings.Compare(a.Name, b.Name) })
	o := pods[0].owner
	w := mesh.Workload{Kind: o.kind, API: o.api, Namespace: o.namespace, Name: o.name, Template: pods[0].own, Replicas: len(pods)}
	w.Rollout.OnDelete = true
	for _, p := range pods {
		p.Current = true
		if !p.Terminating {
			w.Needs = p.needs
		}
		w.Pods = append(w.Pods, p.Pod)
		w.Gateway = w.Gateway || p.gateway
		if !p.Ready && w.Rollout.Message == "" {
			w.Rollout.Message = fmt.Sprintf("pod %s: %s", p.Name, p.Problem)
		}
	}
	w.Rollout.Done = w.Rollout.Message == ""
	return w
}
