// SPDX-License-Identifier: Apache-2.0

package mesh

import "fmt"

// Needs is what a pod asks for: CPU in thousandths of a core, memory in bytes, 0
// for nothing said.
type Needs struct {
	CPU, Memory           int64 // requests
	LimitCPU, LimitMemory int64 // limits
}

// Scaler is a HorizontalPodAutoscaler; one without a name is none.
type Scaler struct {
	Name string
	Max  int  // pods at most
	Full bool // it wants as many pods as it may, or more
}

// Capacity is what is left for pods. What could not be read is named: nobody knows
// then whether there is room.
type Capacity struct {
	Nodes   []Node
	Quotas  []Quota
	Unknown []string // such as "nodes: forbidden"
}

// Node is a node, with what is free on it: what it has to give without what its
// pods request. Below 0 it has given more than it has.
type Node struct {
	Name    string
	Open    bool  // ready, schedulable, and without a taint that keeps pods away
	CPU     int64 // thousandths of a core
	Memory  int64 // bytes
	Pods    int64 // how many more it takes
	Present bool  // ready and schedulable, taints aside: it takes more of what runs on it
}

// Quota is one resource of a ResourceQuota without scopes.
type Quota struct {
	Namespace, Name string
	Resource        string // as the quota calls it: pods, requests.cpu, limits.memory, …
	Hard, Used      int64  // CPU in thousandths of a core, memory in bytes, pods as such
}

// Shortage says why there is no room for that many more pods of a workload, ""
// where there is. None more asks whether its pods could be made anew. It looks at
// quotas and at what nodes have free, not at affinity or at storage: what it
// finds is missing, but what it does not find may be missing all the same.
func (w World) Shortage(wl Workload, more int) string {
	if lack := w.resourceShortage(wl.Namespace, func(resource string) int64 { return wl.Needs.of(resource) }, more, pods(more)+" takes"); lack != "" {
		return lack
	}
	if more == 0 || len(w.Capacity.Nodes) == 0 {
		return ""
	}
	switch n := w.placeable(wl, int64(more)); {
	case n >= int64(more):
		return ""
	case n == 0:
		return fmt.Sprintf("no node that takes pods has %s CPU and %s memory free for one more pod", amount("cpu", wl.Needs.CPU), amount("memory", wl.Needs.Memory))
	default:
		return fmt.Sprintf("the nodes that take pods have %s CPU and %s memory free for %d more pods, of %d", amount("cpu", wl.Needs.CPU), amount("memory", wl.Needs.Memory), n, more)
	}
}

// Demand is what pods of a workload ask of a namespace's quotas, and the Services
// that come with them.
type Demand struct {
	Needs          Needs // of a pod
	Pods, Services int
}

// OverQuota says which quota of a namespace has no room for all of that at the same
// time, "" for none; who takes it is said as "its swap takes".
func (w World) OverQuota(namespace, who string, list ...Demand) string {
	return w.resourceShortage(namespace, func(resource string) int64 {
		sum := int64(0)
		for _, d := range list {
			if sum += int64(d.Pods) * d.Needs.of(resource); resource == "services" || resource == "count/services" {
				sum += int64(d.Services)
			}
		}
		return sum
	}, 1, who)
}

// resourceShortage names the first quota that has less left than so many times one.
func (w World) resourceShortage(namespace string, one func(resource string) int64, times int, who string) string {
	for _, q := range w.Capacity.Quotas {
		if n := one(q.Resource); q.Namespace == namespace && n > 0 && q.Used+int64(times)*n > q.Hard {
			return fmt.Sprintf("ResourceQuota %s has %s of %s %s left, and %s %s", q.Name,
				amount(q.Resource, max(q.Hard-q.Used, 0)), amount(q.Resource, q.Hard), q.Resource, who, amount(q.Resource, int64(max(times, 1))*n))
		}
	}
	return ""
}

// placeable is how many pods more of a workload the nodes take, up to most: open ones,
// and those on which pods of it run already.
func (w World) placeable(wl Workload, most int64) int64 {
	on, sum := map[string]bool{}, int64(0)
	for _, p := range wl.Pods {
		on[p.Node] = true
	}
	for _, n := range w.Capacity.Nodes {
		if n.Open || n.Present && on[n.Name] {
			sum += max(0, min(n.Pods, times(n.CPU, wl.Needs.CPU, most), times(n.Memory, wl.Needs.Memory, most)))
		}
	}
	return min(sum, most)
}

// times is how often a need can be met; one of nothing is met as often as is asked.
func times(free, need, most int64) int64 {
	if need == 0 && free >= 0 {
		return most
	}
	return free / max(need, 1)
}

// of is what one pod takes of a quota's resource.
func (n Needs) of(resource string) int64 {
	switch resource {
	case "pods", "count/pods":
		return 1
	case "cpu", "requests.cpu":
		return n.CPU
	case "memory", "requests.memory":
		return n.Memory
	case "limits.cpu":
		return n.LimitCPU
	case "limits.memory":
		return n.LimitMemory
	}
	return 0
}

func pods(n int) string {
	if n <= 1 {
		return "a pod"
	}
	return fmt.Sprintf("%d pods", n)
}

// amount writes a quantity as Kubernetes does.
func amount(resource string, n int64) string {
	switch resource {
	case "cpu", "requests.cpu", "limits.cpu":
		return fmt.Sprintf("%dm", n)
	case "memory", "requests.memory", "limits.memory":
		return fmt.Sprintf("%dMi", n>>20)
	}
	return fmt.Sprint(n)
}
