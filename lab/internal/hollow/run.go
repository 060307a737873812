// SPDX-License-Identifier: Apache-2.0

// Package hollow is the small size of the lab: real etcd, API server,
// controllers, scheduler and istiods as plain processes of an ordinary user, kwok
// in the kubelet's place, and stand-ins for what is left, which run in the lab's
// supervisor: egress leads pods' addresses to local processes, agent makes
// processes of istiod's pods, crowd gives every injected pod a proxy that speaks
// real xDS. Labels, webhooks, injection, installs, connections and
// acknowledgements are real; traffic and the death of processes in pods are not.
package hollow

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"time"

	"github.com/rerig/rerig/lab/internal/hollow/egress"
	"github.com/rerig/rerig/lab/internal/hollow/ports"
	"github.com/rerig/rerig/lab/internal/pki"
	"github.com/rerig/rerig/lab/internal/process"
	"github.com/rerig/rerig/lab/internal/rollouts"
	"github.com/rerig/rerig/lab/internal/state"
)

const (
	nodeCount = 3
	// stopTimeout is how long processes may take to end; those of a lab have nothing to save.
	stopTimeout = 2 * time.Second
)

// Run makes a hollow lab run until ctx ends; it is a supervise.Ground.
func Run(ctx context.Context, l state.Lab, out io.Writer, ready func() error) error {
	config, l, err := prepare(l)
	if err != nil {
		return fmt.Errorf("prepare a hollow lab: %w", err)
	}
	group := &process.Group{Logs: l.LogDir(), Log: out}
	defer group.StopAll(stopTimeout)
	routes := &egress.Routes{}
	routes.Set(nodeIP, map[int]string{config.KwokPort: ports.LocalAddress(config.KwokPort), config.APIPort: ports.LocalAddress(config.APIPort)})
	socket, err := listenUnix(config.egressSocket())
	if err != nil {
		return fmt.Errorf("open the cluster's network: %w", err)
	}
	var running sync.WaitGroup
	defer running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	running.Go(func() {
		if err := egress.Serve(socket, routes, egress.NonLoopbackIP()); err != nil {
			fmt.Fprintln(out, err)
		}
	})
	defer socket.Close()
	if err := group.Boot(ctx, config.Components()); err != nil {
		return fmt.Errorf("boot: %w", err)
	}
	wait, err := startSimulators(ctx, l, config, group, routes, out)
	if err != nil {
		return fmt.Errorf("stand in for kubelets and proxies: %w", err)
	}
	running.Go(wait)
	if err := ready(); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// maxSocketPath is what a kernel takes as a unix socket's path.
const maxSocketPath = 107

func listenUnix(path string) (net.Listener, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("the path %s has %d characters, and a socket's has %d at most; set RERIG_CACHE to a shorter one", path, len(path), maxSocketPath)
	}
	return net.Listen("unix", path)
}

// prepare takes ports, makes keys, and writes down the way in.
func prepare(l state.Lab) (Config, state.Lab, error) {
	free, err := ports.FindFree(6)
	if err != nil {
		return Config{}, l, err
	}
	l.APIPort = free[0]
	if err := l.Save(); err != nil {
		return Config{}, l, err
	}
	keys, err := pki.Generate(filepath.Join(l.Dir, "pki"), []string{"127.0.0.1", "localhost", nodeIP, "10.96.0.1", "kubernetes.default.svc"}, time.Now())
	if err != nil {
		return Config{}, l, err
	}
	config := Config{
		Dir: l.Dir, KubeBinary: l.Parts["kube"], KwokBinary: filepath.Join(l.Parts["kwok"], "kwok"), Keys: keys, Kubeconfig: l.Kubeconfig(),
		APIPort: free[0], EtcdPort: free[1], EtcdPeerPort: free[2], KwokPort: free[3], NodeCount: nodeCount,
	}
	if partDir, ok := l.Parts[rollouts.Part]; ok {
		config.Rollouts = &rollouts.Controller{PartDir: partDir, KubeBinary: config.KubeBinary, Kubeconfig: config.Kubeconfig, LabDir: config.Dir, HealthPort: free[4], MetricsPort: free[5]}
	}
	return config, l, pki.WriteKubeconfig(config.Kubeconfig, config.apiServerURL(), keys)
}

func (config Config) apiServerURL() string { return "https://" + ports.LocalAddress(config.APIPort) }
