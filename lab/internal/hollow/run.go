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
	nodes = 3
	// grace is how long processes may take to end; those of a lab have nothing to save.
	grace = 2 * time.Second
)

// Run makes a hollow lab run until ctx ends; it is a supervise.Ground.
func Run(ctx context.Context, l state.Lab, say io.Writer, ready func() error) error {
	boot, l, err := prepare(l)
	if err != nil {
		return fmt.Errorf("prepare a hollow lab: %w", err)
	}
	group := &process.Group{Logs: l.Logs(), Say: say}
	defer group.StopAll(grace)
	routes := &egress.Routes{}
	routes.Set(nodeIP, map[int]string{boot.KwokPort: ports.Local(boot.KwokPort), boot.API: ports.Local(boot.API)})
	socket, err := open(boot.socket())
	if err != nil {
		return fmt.Errorf("open the cluster's network: %w", err)
	}
	var running sync.WaitGroup
	defer running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	running.Go(func() {
		if err := egress.Serve(socket, routes, egress.Outward()); err != nil {
			fmt.Fprintln(say, err)
		}
	})
	defer socket.Close()
	if err := group.Boot(ctx, boot.Recipe()); err != nil {
		return fmt.Errorf("boot: %w", err)
	}
	leave, err := standIn(ctx, l, boot, group, routes, say)
	if err != nil {
		return fmt.Errorf("stand in for kubelets and proxies: %w", err)
	}
	running.Go(leave)
	if err := ready(); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// longestSocket is what a kernel takes as a unix socket's path.
const longestSocket = 107

func open(path string) (net.Listener, error) {
	if len(path) > longestSocket {
		return nil, fmt.Errorf("the path %s has %d characters, and a socket's has %d at most; set RERIG_CACHE to a shorter one", path, len(path), longestSocket)
	}
	return net.Listen("unix", path)
}

// prepare takes ports, makes keys, and writes down the way in.
func prepare(l state.Lab) (Boot, state.Lab, error) {
	free, err := ports.Free(6)
	if err != nil {
		return Boot{}, l, err
	}
	l.APIPort = free[0]
	if err := l.Save(); err != nil {
		return Boot{}, l, err
	}
	keys, err := pki.Make(filepath.Join(l.Dir, "pki"), []string{"127.0.0.1", "localhost", nodeIP, "10.96.0.1", "kubernetes.default.svc"}, time.Now())
	if err != nil {
		return Boot{}, l, err
	}
	b := Boot{
		Dir: l.Dir, Kube: l.Parts["kube"], Kwok: filepath.Join(l.Parts["kwok"], "kwok"), Keys: keys, Kubeconfig: l.Kubeconfig(),
		API: free[0], Etcd: free[1], EtcdPeer: free[2], KwokPort: free[3], Nodes: nodes,
	}
	if place, ok := l.Parts[rollouts.Part]; ok {
		b.Rollouts = &rollouts.Controller{Place: place, Kube: b.Kube, Kubeconfig: b.Kubeconfig, Dir: b.Dir, Health: free[4], Metrics: free[5]}
	}
	return b, l, pki.WriteKubeconfig(b.Kubeconfig, b.server(), keys)
}

func (b Boot) server() string { return "https://" + ports.Local(b.API) }
