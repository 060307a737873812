// SPDX-License-Identifier: Apache-2.0

// Package hollow runs the small size of the lab: etcd, API server, controllers, scheduler and
// istiods as ordinary processes of one user. kwok simulates the kubelet. Simulators in the lab's
// supervisor replace the rest: egress routes pod addresses to local processes, kubelet runs the
// pods of istiod as processes, and proxies gives every injected pod a proxy that speaks xDS.
//
// Labels, webhooks, injection, installation, connections and acknowledgements are real. Traffic and
// containers are not.
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
	// stopTimeout bounds how long processes may take to exit. A lab has nothing to save.
	stopTimeout = 2 * time.Second
)

// Run runs a hollow lab until ctx ends. It is a supervise.RunFunc.
func Run(ctx context.Context, l state.Lab, out io.Writer, ready func() error) error {
	config, l, err := prepare(l)
	if err != nil {
		return fmt.Errorf("prepare a hollow lab: %w", err)
	}
	group := &process.Group{Logs: l.LogDir(), Log: out}
	defer group.StopAll(stopTimeout)
	routes := &egress.Routes{}
	routes.Set(nodeIP, map[int]string{
		config.KwokPort: ports.LocalAddress(config.KwokPort), config.APIPort: ports.LocalAddress(config.APIPort),
	})
	socket, err := listenUnix(config.egressSocket())
	if err != nil {
		return fmt.Errorf("listen on the egress socket: %w", err)
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
		return fmt.Errorf("start the components: %w", err)
	}
	wait, err := startSimulators(ctx, l, config, group, routes, out)
	if err != nil {
		return fmt.Errorf("start the simulators: %w", err)
	}
	running.Go(wait)
	if err := ready(); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// maxSocketPath is the longest path of a unix socket that the kernel accepts.
const maxSocketPath = 107

func listenUnix(path string) (net.Listener, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("the socket path %s has %d characters, the maximum is %d; set RERIG_CACHE to a shorter path",
			path, len(path), maxSocketPath)
	}
	return net.Listen("unix", path)
}

// prepare finds free ports, generates keys, and writes the kubeconfig.
func prepare(l state.Lab) (Config, state.Lab, error) {
	free, err := ports.FindFree(6)
	if err != nil {
		return Config{}, l, err
	}
	l.APIPort = free[0]
	if err := l.Save(); err != nil {
		return Config{}, l, err
	}
	hosts := []string{"127.0.0.1", "localhost", nodeIP, "10.96.0.1", "kubernetes.default.svc"}
	keys, err := pki.Generate(filepath.Join(l.Dir, "pki"), hosts, time.Now())
	if err != nil {
		return Config{}, l, err
	}
	config := Config{
		Dir: l.Dir, KubeBinary: l.Parts["kube"], KwokBinary: filepath.Join(l.Parts["kwok"], "kwok"),
		Keys: keys, Kubeconfig: l.Kubeconfig(),
		APIPort: free[0], EtcdPort: free[1], EtcdPeerPort: free[2], KwokPort: free[3], NodeCount: nodeCount,
	}
	if partDir, ok := l.Parts[rollouts.Part]; ok {
		config.Rollouts = &rollouts.Controller{
			PartDir: partDir, KubeBinary: config.KubeBinary, Kubeconfig: config.Kubeconfig, LabDir: config.Dir,
			HealthPort: free[4], MetricsPort: free[5],
		}
	}
	return config, l, pki.WriteKubeconfig(config.Kubeconfig, config.apiServerURL(), keys)
}

func (config Config) apiServerURL() string { return "https://" + ports.LocalAddress(config.APIPort) }
