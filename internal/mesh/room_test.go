// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"strings"
	"testing"
)

func TestLacks(t *testing.T) {
	wl := Workload{Namespace: "a", Needs: Needs{CPU: 200, Memory: 64 << 20}, Pods: []Pod{{Node: "own"}}}
	node := func(name string, open bool, cpu, memory, pods int64) Node {
		return Node{Name: name, Open: open, Present: true, CPU: cpu, Memory: memory, Pods: pods}
	}
	quota := func(resource string, hard, used int64) []Quota {
		return []Quota{{Namespace: "a", Name: "q", Resource: resource, Hard: hard, Used: used}}
	}
	for name, c := range map[string]struct {
		room Capacity
		more int
		want string
	}{
		"nothing is known":              {Capacity{}, 1, ""},
		"a node has room":               {Capacity{Nodes: []Node{node("n", true, 200, 64<<20, 1)}}, 1, ""},
		"no CPU":                        {Capacity{Nodes: []Node{node("n", true, 199, 64<<20, 1)}}, 1, "no node that takes pods has 200m CPU and 64Mi memory free"},
		"no memory":                     {Capacity{Nodes: []Node{node("n", true, 200, 63<<20, 1)}}, 1, "no node"},
		"no place":                      {Capacity{Nodes: []Node{node("n", true, 200, 64<<20, 0)}}, 1, "no node"},
		"none is needed":                {Capacity{Nodes: []Node{node("n", true, 0, 0, 0)}}, 0, ""},
		"room for some":                 {Capacity{Nodes: []Node{node("n", true, 500, 640<<20, 9), node("m", true, 100, 640<<20, 9)}}, 3, "have 200m CPU and 64Mi memory free for 2 more pods, of 3"},
		"room on two together":          {Capacity{Nodes: []Node{node("n", true, 500, 640<<20, 9), node("m", true, 200, 640<<20, 9)}}, 3, ""},
		"overbooked":                    {Capacity{Nodes: []Node{node("n", true, -500, 640<<20, 9), node("m", true, 200, 640<<20, 9)}}, 1, ""},
		"tainted":                       {Capacity{Nodes: []Node{node("n", false, 900, 64<<20, 9)}}, 1, "no node"},
		"tainted, and it has one there": {Capacity{Nodes: []Node{node("own", false, 900, 64<<20, 9)}}, 1, ""},
		"quota of pods":                 {Capacity{Quotas: quota("pods", 3, 3)}, 1, "ResourceQuota q has 0 of 3 pods left, and a pod takes 1"},
		"quota that suffices":           {Capacity{Quotas: quota("count/pods", 3, 2)}, 1, ""},
		"quota of CPU":                  {Capacity{Quotas: quota("requests.cpu", 1000, 900)}, 1, "has 100m of 1000m requests.cpu left, and a pod takes 200m"},
		"quota of what it does not ask": {Capacity{Quotas: quota("limits.cpu", 1, 1)}, 1, ""},
		"quota of something else":       {Capacity{Quotas: quota("services", 1, 1)}, 1, ""},
		"full, and none is added":       {Capacity{Quotas: quota("pods", 3, 3)}, 0, ""},
		"overdrawn":                     {Capacity{Quotas: quota("pods", 2, 3)}, 0, "ResourceQuota q has 0 of 2 pods left"},
		"another namespace's":           {Capacity{Quotas: []Quota{{Namespace: "b", Resource: "pods"}}}, 1, ""},
	} {
		got := World{Capacity: c.room}.Shortage(wl, c.more)
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
