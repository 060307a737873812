// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/rerig/rerig/internal/mesh"
)

// needsOf is what a pod asks for: its containers and native sidecars together, or
// its greatest init container where that is more.
func needsOf(s *corev1.PodSpec) mesh.Needs {
	var sum, most mesh.Needs
	for _, c := range s.Containers {
		sum = plus(sum, needs(c.Resources))
	}
	for _, c := range s.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			sum = plus(sum, needs(c.Resources))
			continue
		}
		most = greater(most, needs(c.Resources))
	}
	all := greater(sum, most)
	all.CPU += thousandths(s.Overhead.Cpu())
	all.Memory += s.Overhead.Memory().Value()
	return all
}

func needs(r corev1.ResourceRequirements) mesh.Needs {
	return mesh.Needs{CPU: thousandths(r.Requests.Cpu()), Memory: r.Requests.Memory().Value(),
		LimitCPU: thousandths(r.Limits.Cpu()), LimitMemory: r.Limits.Memory().Value()}
}

func thousandths(q *resource.Quantity) int64 { return q.MilliValue() }

func plus(a, b mesh.Needs) mesh.Needs {
	return mesh.Needs{CPU: a.CPU + b.CPU, Memory: a.Memory + b.Memory, LimitCPU: a.LimitCPU + b.LimitCPU, LimitMemory: a.LimitMemory + b.LimitMemory}
}

func greater(a, b mesh.Needs) mesh.Needs {
	return mesh.Needs{CPU: max(a.CPU, b.CPU), Memory: max(a.Memory, b.Memory), LimitCPU: max(a.LimitCPU, b.LimitCPU), LimitMemory: max(a.LimitMemory, b.LimitMemory)}
}
