// SPDX-License-Identifier: Apache-2.0

// Package real runs the lab with a real node: containers, an overlay file system, iptables and
// traffic. It uses mount, network, PID, IPC and UTS namespaces of its own, so that the host's
// network, firewall and /run stay unchanged.
package real

import (
	"path/filepath"
	"time"

	"github.com/rerig/rerig/lab/internal/component"
	"github.com/rerig/rerig/lab/internal/pki"
	"github.com/rerig/rerig/lab/internal/rollouts"
	"github.com/rerig/rerig/lab/internal/state"
)

// Components returns the node's components, which run inside the namespaces: first the network,
// then the control plane, then what runs pods.
func Components(l state.Lab) component.List {
	config := nodeConfig{lab: l, keys: pki.Paths(filepath.Join(l.Dir, "pki"))}
	list := config.network()
	list = append(list, config.etcd(), config.containerd(), config.apiserver(), config.controllers(), config.scheduler())
	list = append(list, config.images(), config.kubelet(), config.proxy())
	list = append(list, config.nodeReady()...)
	list = append(list, config.dns(), config.prometheus())
	if partDir, ok := l.Parts[rollouts.Part]; ok { // the ports belong only to the lab's network namespace
		controller := rollouts.Controller{
			PartDir: partDir, KubeBinary: l.Parts["kube"], Kubeconfig: l.Kubeconfig(), LabDir: l.Dir, HealthPort: 8080, MetricsPort: 8090,
		}
		list = append(list, controller.Components()...)
	}
	return list
}

// nodeConfig builds the components of the node.
type nodeConfig struct {
	lab  state.Lab
	keys pki.Keys
}

var baseEnv = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}

func (config nodeConfig) path(name string) string { return filepath.Join(config.lab.Dir, name) }

func (config nodeConfig) service(name, binary string, args ...string) component.Component {
	return component.Component{Name: name, Binary: binary, Args: args, Env: baseEnv, Dir: config.lab.Dir, Restart: component.Always}
}

func (config nodeConfig) task(name, binary string, args ...string) component.Component {
	return component.Component{Name: name, Kind: component.Task, Binary: binary, Args: args, Env: baseEnv, Dir: config.lab.Dir}
}

// kube returns one of the programs of the kube binary.
func (config nodeConfig) kube(name string, args ...string) component.Component {
	return config.service(name, config.lab.Parts["kube"], append([]string{name}, args...)...)
}

func (config nodeConfig) kubectl(name string, args ...string) component.Component {
	return config.task(name, config.lab.Parts["kube"], append([]string{"kubectl", "--kubeconfig=" + config.lab.Kubeconfig()}, args...)...)
}

func withProbe(c component.Component, url string, within time.Duration) component.Component {
	c.Probe = component.Probe{URL: url, Timeout: within}
	return c
}
