// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/cluster/gatewayapi"
	"github.com/rerig/rerig/internal/mesh"
)

// systemNamespaces have no workloads of a mesh: istiod never injects there.
var systemNamespaces = []string{"kube-system", "kube-public", "kube-node-lease"}

// readings are the objects of which the workloads consist. The controllers were read
// first and the owners of pods last, so the owner of every pod is known.
type readings struct {
	namespaces   []mesh.Namespace
	deployments  []controller
	statefulSets []controller
	daemonSets   []controller
	rollouts     []controller // Argo's
	replicaSets  []controller // those without an owner
	cronJobs     []controller
	customOwners map[types.UID]customOwner
	jobEnds      map[types.UID]string // when Jobs end
	pods         []pod
	owners       ownerChain
	newest       newestTemplates
	apiGateways  gatewayapi.Objects          // Gateways of the Gateway API, if istiod deploys any
	services     map[string][]mesh.Service   // by namespace, without keepers
	keepers      map[mesh.WorkloadRef]string // names of keepers, by their workload
	endpoints    endpoints
	selectors    []podSelector

	autoscalers       map[string]mesh.Scaler // by the key of their target
	misleadable       map[string][]string    // autoscalers that count parked pods, by their target; only where a run swaps
	autoscalersDenied bool                   // a run swaps, and autoscalers may not be listed

	now time.Time
}

// workloads returns the owners of all pods with a sidecar and of all gateways, and
// those that labels bind though they have no such pod.
func (r readings) workloads() []mesh.Workload {
	pods, detached := map[types.UID][]pod{}, r.detachedPods()
	for _, p := range r.pods {
		p.owner, p.Endpoints = detached.owner(p, r.rootOwner(p)), r.endpoints[types.UID(p.UID)]
		pods[p.owner.uid] = append(pods[p.owner.uid], p)
	}
	bound, selectors := map[string]bool{}, r.selectorsByNamespace()
	for _, n := range r.namespaces {
		bound[n.Name] = bindsNamespace(n.Labels)
	}
	var list []mesh.Workload
	for _, c := range slices.Concat(r.deployments, r.statefulSets, r.daemonSets, r.rollouts, r.replicaSets, r.cronJobs) {
		own := pods[c.uid]
		delete(pods, c.uid)
		for i, p := range own {
			own[i].NotAvailable = p.Ready && c.minReady > 0 && r.now.Before(p.readySince.Add(c.minReady))
		}
		c = r.withTemplate(c, own)
		if slices.Contains(systemNamespaces, c.Namespace) {
			continue
		}
		if hasProxy(own) || c.Gateway || c.Template.Proxy || bound[c.Namespace] || bindsTemplate(c.Template.Labels) {
			w := r.withServices(c.withPods(own, r.newest), own)
			w.Selectors = selectors[w.Namespace]
			w.CompletesAt = r.endOf(own)
			detached.assigned(w.Ref())
			list = append(list, w)
		}
	}
	for _, own := range pods { // those of other kinds, and of deleted workloads
		if w, is := detached.deletedWorkload(own, r.services); is {
			list = append(list, w)
			continue
		}
		if hasProxy(own) && !slices.Contains(systemNamespaces, own[0].namespace) {
			w := r.customOwners[own[0].owner.uid].addTo(unknownKind(own))
			w.CompletesAt = r.endOf(own)
			list = append(list, w)
		}
	}
	list = r.withGateways(append(list, detached.onlyKeepers()...))
	for i, w := range list {
		list[i].Scaler = r.autoscalers[string(w.Ref())]
	}
	return list
}

// withGateways adds the Gateways for which istiod deploys workloads, and leaves out those
// that it deploys for the shadow of one.
func (r readings) withGateways(list []mesh.Workload) []mesh.Workload {
	shadows := map[string]string{}
	list = slices.DeleteFunc(list, func(w mesh.Workload) bool {
		name := w.Template.Labels[mesh.GatewayLabel]
		if !gatewayapi.IsShadow(name) {
			return false
		}
		shadows[w.Namespace+"/"+name] = w.Template.Deployed()
		return true
	})
	for i, w := range list {
		if w.ForGateway() {
			list[i].APIGateway = r.apiGateways.Of(w, w.APIGateway.FrozenBy, shadows)
		}
	}
	return list
}

// deploysGateways reports whether istiod deploys any workload for a Gateway.
func (r readings) deploysGateways() bool {
	return slices.ContainsFunc(r.deployments, func(c controller) bool { return c.ForGateway() })
}

// rootOwner returns a pod's workload. A Deployment that keeps little history deletes
// an old ReplicaSet while its last pods drain. Such a pod is known by the name of the
// ReplicaSet, which is the Deployment's and the template's hash.
func (r readings) rootOwner(p pod) owner {
	root := r.owners.root(p.owner)
	hash := p.labels[podTemplateHash]
	name, ok := strings.CutSuffix(root.name, "-"+hash)
	if root.kind != "ReplicaSet" || hash == "" || !ok {
		return root
	}
	for _, d := range r.deployments {
		if d.Namespace == root.namespace && d.Name == name {
			return owner{api: "apps/v1", kind: d.Kind, namespace: d.Namespace, name: d.Name, uid: d.uid}
		}
	}
	return root
}

// hasProxy reports whether one of the pods is a proxy or has one.
func hasProxy(pods []pod) bool {
	return slices.ContainsFunc(pods, func(p pod) bool { return p.Sidecar.Present || p.gateway })
}

// withPods returns a controller's workload with its pods.
func (c controller) withPods(pods []pod, n newestTemplates) mesh.Workload {
	w, newest := c.Workload, c.current(n)
	if newest.key == podTemplateHash {
		w.ReplicaSetHash = newest.value
	}
	for _, p := range pods {
		if p.Current = newest.on(p.labels) && p.Swap.Place == mesh.Attached; c.byTime {
			p.Current = !p.Created.Before(c.since) && !c.hasOldLabel(p)
		}
		if newest.key == podTemplateHash && !p.Current && p.Swap.Place == mesh.Attached {
			p.OlderHash = p.labels[podTemplateHash]
		}
		if !p.Terminating {
			w.Needs = p.needs
		}
		w.Pods = append(w.Pods, p.Pod)
		w.Gateway = w.Gateway || p.gateway
	}
	if c.byTime {
		w.Rollout = rolloutByPods(w)
		return w
	}
	w.Rollout = withOldPods(w.Rollout, w.Pods)
	return w
}

// unknownKind returns a workload of another kind, known by its pods: a Job, a bare
// pod, another project's resource. Its template is what its pods show, and a rolling
// restart does not replace them.
func unknownKind(pods []pod) mesh.Workload {
	slices.SortFunc(pods, func(a, b pod) int { return strings.Compare(a.Name, b.Name) })
	o := pods[0].owner
	w := mesh.Workload{Kind: o.kind, APIVersion: o.api, Namespace: o.namespace, Name: o.name, Template: pods[0].template, Replicas: len(pods)}
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
