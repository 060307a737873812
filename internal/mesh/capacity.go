// SPDX-License-Identifier: Apache-2.0

package mesh

import "fmt"

// Needs holds a pod's resources: CPU in thousandths of a core, memory in bytes, 0
// where none is set.
type Needs struct {
	CPU, Memory           int64 // requests
	LimitCPU, LimitMemory int64 // limits
}

// Scaler is a workload's HorizontalPodAutoscaler; the zero Scaler means none.
type Scaler struct {
	Name string
	Max  int  // spec.maxReplicas
	Full bool // it asks for Max pods or more
}

// Capacity is what the cluster has left for more pods.
type Capacity struct {
	Nodes   []Node
	Quotas  []Quota
	Unknown []string // what could not be read, such as "nodes: forbidden"
}

// Node is a node with what is free on it: its allocatable resources minus the requests
// of its pods. Negative values mean overcommitment.
type Node struct {
	Name        string
	AcceptsPods bool  // ready, schedulable, and without a taint NoSchedule or NoExecute
	CPU         int64 // thousandths of a core
	Memory      int64 // bytes
	Pods        int64 // how many more pods it accepts
	Schedulable bool  // ready and schedulable, whatever its taints: it accepts more pods of the workloads on it
}

// Quota is one resource of a ResourceQuota without scopes.
type Quota struct {
	Namespace, Name string
	Resource        string // as in the quota's spec.hard: pods, requests.cpu, limits.memory, …
	Hard, Used      int64  // CPU in thousandths of a core, memory in bytes, else a count
}

// Shortage returns why the cluster has no capacity for that many more pods of a workload,
// "" if it has. With more = 0 it reports whether the workload's pods could be re-created.
// It checks quotas and free resources of nodes, but neither affinity nor storage: "" does
// not guarantee that the pods can be scheduled.
func (w World) Shortage(wl Workload, more int) string {
	perPod := func(resource string) int64 { return wl.Needs.of(resource) }
	if shortage := w.quotaShortage(wl.Namespace, perPod, more, pods(more)+" takes"); shortage != "" {
		return shortage
	}
	if more == 0 || len(w.Capacity.Nodes) == 0 {
		return ""
	}
	switch n := w.placeable(wl, int64(more)); {
	case n >= int64(more):
		return ""
	case n == 0:
		return fmt.Sprintf("no node that takes pods has %s CPU and %s memory free for one more pod",
			amount("cpu", wl.Needs.CPU), amount("memory", wl.Needs.Memory))
	default:
		return fmt.Sprintf("the nodes that take pods have %s CPU and %s memory free for %d more pods, of %d",
			amount("cpu", wl.Needs.CPU), amount("memory", wl.Needs.Memory), n, more)
	}
}

// Demand is what a number of a workload's pods, and the Services created for them, use
// of a namespace's quotas.
type Demand struct {
	Needs          Needs // of a pod
	Pods, Services int
}

// OverQuota returns which quota of a namespace the demands exceed together, "" for none.
// The text names the consumer by the given subject and verb, such as "its swap takes".
func (w World) OverQuota(namespace, consumer string, list ...Demand) string {
	return w.quotaShortage(namespace, func(resource string) int64 {
		sum := int64(0)
		for _, d := range list {
			if sum += int64(d.Pods) * d.Needs.of(resource); resource == "services" || resource == "count/services" {
				sum += int64(d.Services)
			}
		}
		return sum
	}, 1, consumer)
}

// quotaShortage returns the first quota of a namespace that has less left than times
// the need, "" for none.
func (w World) quotaShortage(namespace string, need func(resource string) int64, times int, consumer string) string {
	for _, q := range w.Capacity.Quotas {
		if n := need(q.Resource); q.Namespace == namespace && n > 0 && q.Used+int64(times)*n > q.Hard {
			return fmt.Sprintf("ResourceQuota %s has %s of %s %s left, and %s %s", q.Name,
				amount(q.Resource, max(q.Hard-q.Used, 0)), amount(q.Resource, q.Hard), q.Resource,
				consumer, amount(q.Resource, int64(max(times, 1))*n))
		}
	}
	return ""
}

// placeable returns how many more pods of a workload the nodes accept, up to limit. It
// counts open nodes, and tainted ones that already run pods of the workload.
func (w World) placeable(wl Workload, limit int64) int64 {
	occupied, sum := map[string]bool{}, int64(0)
	for _, p := range wl.Pods {
		occupied[p.Node] = true
	}
	for _, n := range w.Capacity.Nodes {
		if n.AcceptsPods || n.Schedulable && occupied[n.Name] {
			sum += max(0, min(n.Pods, times(n.CPU, wl.Needs.CPU, limit), times(n.Memory, wl.Needs.Memory, limit)))
		}
	}
	return min(sum, limit)
}

// times returns how often a need fits into what is free, up to limit.
func times(free, need, limit int64) int64 {
	if need == 0 && free >= 0 {
		return limit
	}
	return free / max(need, 1)
}

// of returns what one pod uses of a quota's resource.
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

// pods returns the subject of a message about so many pods.
func pods(n int) string {
	if n <= 1 {
		return "a pod"
	}
	return fmt.Sprintf("%d pods", n)
}

// amount formats a quantity as Kubernetes does.
func amount(resource string, n int64) string {
	switch resource {
	case "cpu", "requests.cpu", "limits.cpu":
		return fmt.Sprintf("%dm", n)
	case "memory", "requests.memory", "limits.memory":
		return fmt.Sprintf("%dMi", n>>20)
	}
	return fmt.Sprint(n)
}
