// SPDX-License-Identifier: Apache-2.0

package real

import (
	"path/filepath"
	"time"

	"github.com/rerig/rerig/lab/internal/component"
	"github.com/rerig/rerig/lab/internal/pki"
	"github.com/rerig/rerig/lab/internal/rollouts"
	"github.com/rerig/rerig/lab/internal/state"
)

// Recipe is the boot of the node, run inside the namespaces: first the network,
// then what keeps the cluster's state, then what runs its pods.
func Recipe(l state.Lab) component.Recipe {
	b := boot{l: l, keys: pki.At(filepath.Join(l.Dir, "pki"))}
	r := b.network()
	r = append(r, b.etcd(), b.containerd(), b.apiserver(), b.controllers(), b.scheduler())
	r = append(r, b.images(), b.kubelet(), b.proxy())
	r = append(r, b.nodeReady()...)
	r = append(r, b.dns(), b.prometheus())
	if place, ok := l.Parts[rollouts.Part]; ok { // the ports are those of the lab's own network
		r = append(r, rollouts.Controller{Place: place, Kube: l.Parts["kube"], Kubeconfig: l.Kubeconfig(), Dir: l.Dir, Health: 8080, Metrics: 8090}.Recipe()...)
	}
	return r
}

type boot struct {
	l    state.Lab
	keys pki.Keys
}

var environment = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}

func (b boot) in(name string) string { return filepath.Join(b.l.Dir, name) }

func (b boot) service(name, binary string, args ...string) component.Component {
	return component.Component{Name: name, Binary: binary, Args: args, Env: environment, Dir: b.l.Dir, Restart: component.Always}
}

func (b boot) task(name, binary string, args ...string) component.Component {
	return component.Component{Name: name, Kind: component.Task, Binary: binary, Args: args, Env: environment, Dir: b.l.Dir}
}

// kube is one of the programs in the kube binary.
func (b boot) kube(name string, args ...string) component.Component {
	return b.service(name, b.l.Parts["kube"], append([]string{name}, args...)...)
}

func (b boot) kubectl(name string, args ...string) component.Component {
	return b.task(name, b.l.Parts["kube"], append([]string{"kubectl", "--kubeconfig=" + b.l.Kubeconfig()}, args...)...)
}

func well(c component.Component, url string, within time.Duration) component.Component {
	c.Probe = component.Probe{URL: url, Within: within}
	return c
}
