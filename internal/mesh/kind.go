// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"slices"
	"strings"
)

// kindAliases are the kinds as kubectl takes them: in any case, one or many, or in short.
var kindAliases = map[string]Kind{
	"deployment": Deployment, "deploy": Deployment, "statefulset": StatefulSet, "sts": StatefulSet,
	"daemonset": DaemonSet, "ds": DaemonSet, "replicaset": ReplicaSet, "rs": ReplicaSet,
	"replicationcontroller": ReplicationController, "rc": ReplicationController, "rollout": ArgoRollout, "ro": ArgoRollout,
	"cronjob": CronJob, "cj": CronJob, "job": Job, "pod": BarePod, "po": BarePod, "node": StaticPod,
}

// KindOf reads a kind as people write it. One that is not known stays as it is
// written: it is another project's. One with the name of a known kind bears its
// API group: StatefulSet.apps.kruise.io.
func KindOf(text string) Kind {
	if name, group, is := strings.Cut(text, "."); is {
		return KindOf(name) + Kind("."+strings.ToLower(group))
	}
	lower := strings.ToLower(text)
	if k, known := kindAliases[lower]; known {
		return k
	}
	if k, known := kindAliases[strings.TrimSuffix(lower, "s")]; known {
		return k
	}
	return Kind(text)
}

// Listed reports whether the workloads of a kind are listed themselves: the others
// are seen by their pods alone, and may be there without.
func (k Kind) Listed() bool {
	return slices.Contains([]Kind{Deployment, StatefulSet, DaemonSet, ReplicaSet, ArgoRollout, CronJob}, k)
}
