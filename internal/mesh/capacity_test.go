// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"strings"
	"testing"
)

func TestShortage(t *testing.T) {
	wl := Workload{Namespace: "a", Needs: Needs{CPU: 200, Memory: 64 << 20}, Pods: []Pod{{Node: "own"}}}
	node := func(name string, open bool, cpu, memory, pods int64) Node {
		return Node{Name: name, AcceptsPods: open, Schedulable: true, CPU: cpu, Memory: memory, Pods: pods}
	}
	quota := func(resource string, hard, used int64) []Quota {
		return []Quota{{Namespace: "a", Name: "q", Resource: resource, Hard: hard, Used: used}}
	}
	for _, tc := range []struct {
		name     string
		capacity Capacity
		more     int
		want     string
	}{
		{name: "unknown capacity", capacity: Capacity{}, more: 1, want: ""},
		{name: "a node has enough", capacity: Capacity{Nodes: []Node{node("n", true, 200, 64<<20, 1)}}, more: 1, want: ""},
		{
			name:     "no CPU",
			capacity: Capacity{Nodes: []Node{node("n", true, 199, 64<<20, 1)}}, more: 1,
			want: "no node that takes pods has 200m CPU and 64Mi memory free",
		},
		{name: "no memory", capacity: Capacity{Nodes: []Node{node("n", true, 200, 63<<20, 1)}}, more: 1, want: "no node"},
		{name: "no pod slot", capacity: Capacity{Nodes: []Node{node("n", true, 200, 64<<20, 0)}}, more: 1, want: "no node"},
		{name: "no additional pod", capacity: Capacity{Nodes: []Node{node("n", true, 0, 0, 0)}}, more: 0, want: ""},
		{
			name:     "enough for some pods",
			capacity: Capacity{Nodes: []Node{node("n", true, 500, 640<<20, 9), node("m", true, 100, 640<<20, 9)}},
			more:     3,
			want:     "have 200m CPU and 64Mi memory free for 2 more pods, of 3",
		},
		{
			name:     "enough on two nodes together",
			capacity: Capacity{Nodes: []Node{node("n", true, 500, 640<<20, 9), node("m", true, 200, 640<<20, 9)}},
			more:     3,
			want:     "",
		},
		{
			name:     "one node is overcommitted",
			capacity: Capacity{Nodes: []Node{node("n", true, -500, 640<<20, 9), node("m", true, 200, 640<<20, 9)}},
			more:     1,
			want:     "",
		},
		{name: "tainted node", capacity: Capacity{Nodes: []Node{node("n", false, 900, 64<<20, 9)}}, more: 1, want: "no node"},
		{name: "tainted node that runs a pod of it", capacity: Capacity{Nodes: []Node{node("own", false, 900, 64<<20, 9)}}, more: 1, want: ""},
		{
			name:     "quota of pods",
			capacity: Capacity{Quotas: quota("pods", 3, 3)}, more: 1,
			want: "ResourceQuota q has 0 of 3 pods left, and a pod takes 1",
		},
		{name: "quota of pods is enough", capacity: Capacity{Quotas: quota("count/pods", 3, 2)}, more: 1, want: ""},
		{
			name:     "quota of CPU",
			capacity: Capacity{Quotas: quota("requests.cpu", 1000, 900)}, more: 1,
			want: "has 100m of 1000m requests.cpu left, and a pod takes 200m",
		},
		{name: "quota of a limit that is not set", capacity: Capacity{Quotas: quota("limits.cpu", 1, 1)}, more: 1, want: ""},
		{name: "quota of Services", capacity: Capacity{Quotas: quota("services", 1, 1)}, more: 1, want: ""},
		{name: "full quota, no additional pod", capacity: Capacity{Quotas: quota("pods", 3, 3)}, more: 0, want: ""},
		{
			name:     "exceeded quota, no additional pod",
			capacity: Capacity{Quotas: quota("pods", 2, 3)}, more: 0,
			want: "ResourceQuota q has 0 of 2 pods left",
		},
		{name: "quota of another namespace", capacity: Capacity{Quotas: []Quota{{Namespace: "b", Resource: "pods"}}}, more: 1, want: ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := World{Capacity: tc.capacity}.Shortage(wl, tc.more)
			if tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
				t.Errorf("shortage: got %q, want %q", got, tc.want)
			}
		})
	}
}
