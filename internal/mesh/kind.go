// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"slices"
	"strings"
)

// kindAliases maps the names and short names that kubectl accepts, in lower case, to kinds.
var kindAliases = map[string]Kind{
	"deployment": Deployment, "deploy": Deployment, "statefulset": StatefulSet, "sts": StatefulSet,
	"daemonset": DaemonSet, "ds": DaemonSet, "replicaset": ReplicaSet, "rs": ReplicaSet,
	"replicationcontroller": ReplicationController, "rc": ReplicationController, "rollout": ArgoRollout, "ro": ArgoRollout,
	"cronjob": CronJob, "cj": CronJob, "job": Job, "pod": BarePod, "po": BarePod, "node": StaticPod,
}

// ParseKind parses a kind as kubectl accepts it: in any case, singular, plural or short. An
// unknown kind is returned unchanged. A kind of another API group keeps the group:
// StatefulSet.apps.kruise.io.
func ParseKind(text string) Kind {
	if name, group, found := strings.Cut(text, "."); found {
		return ParseKind(name) + Kind("."+strings.ToLower(group))
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

// Listed reports whether the workloads of a kind are listed themselves. Workloads of other
// kinds are known by their pods alone, so one without pods is not seen.
func (k Kind) Listed() bool {
	return slices.Contains([]Kind{Deployment, StatefulSet, DaemonSet, ReplicaSet, ArgoRollout, CronJob}, k)
}
