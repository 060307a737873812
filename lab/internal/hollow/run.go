// SPDX-License-Identifier: Apache-2.0

package hollow

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/rerig/rerig/lab/internal/hollow/agent"
	"github.com/rerig/rerig/lab/internal/hollow/crowd"
	"github.com/rerig/rerig/lab/internal/hollow/egress"
	"github.com/rerig/rerig/lab/internal/hollow/ports"
	"github.com/rerig/rerig/lab/internal/hollow/watch"
	"github.com/rerig/rerig/lab/internal/pki"
	"github.com/rerig/rerig/lab/internal/process"
	"github.com/rerig/rerig/lab/internal/state"
)

const (
	nodes = 3
	// grace is how long processes may take to end; those of a lab have nothing to save.
	grace = 2 * time.Second
	// pilotImage is the repository of istiod's images.
	pilotImage = "docker.io/lab/pilot:"
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
	socket, err := net.Listen("unix", boot.socket())
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

// prepare takes ports, makes keys, and writes down the way in.
func prepare(l state.Lab) (Boot, state.Lab, error) {
	free, err := ports.Free(4)
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
	return b, l, pki.WriteKubeconfig(b.Kubeconfig, b.server(), keys)
}

func (b Boot) server() string { return "https://" + ports.Local(b.API) }

// standIn starts the agent and the crowd, and waits for the nodes. What it
// returns waits until both have left, which they do when ctx has ended.
func standIn(ctx context.Context, l state.Lab, b Boot, g *process.Group, r *egress.Routes, say io.Writer) (func(), error) {
	config, err := clientcmd.BuildConfigFromFlags("", b.Kubeconfig)
	if err != nil {
		return nil, err
	}
	cluster, err := watch.New(config)
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Join(l.Logs(), "proxies.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the proxies' log: %w", err)
	}
	a := agent.New(ctx, agent.Settings{
		Cluster: cluster, Routes: r, Processes: g, Image: images(l), Dir: filepath.Join(l.Dir, "pods"),
		Server: b.server(), CA: b.Keys.CAPEM, HostIP: nodeIP, Machine: machine(), Log: say,
	})
	c := crowd.New(ctx, cluster, r, machine(), log)
	if err := attend(cluster, a, c); err != nil {
		return nil, err
	}
	var watching sync.WaitGroup
	if err := cluster.Start(ctx, &watching); err != nil {
		return nil, err
	}
	leave := func() {
		watching.Wait()
		a.Wait()
		c.Wait()
		log.Close()
	}
	return leave, cluster.AwaitNodes(ctx, b.Nodes)
}

func attend(w *watch.Cluster, a *agent.Agent, c *crowd.Crowd) error {
	if err := w.OnPod(a.There, a.Gone); err != nil {
		return err
	}
	if err := w.OnPod(c.There, c.Gone); err != nil {
		return err
	}
	return w.OnNamespace(c.NamespaceChanged)
}

// images knows those of the istiods that the lab has built.
func images(l state.Lab) func(string) (string, bool) {
	return func(image string) (string, bool) {
		tag, ok := strings.CutPrefix(image, pilotImage)
		dir := l.Parts["istio-"+tag]
		return filepath.Join(dir, "istiod"), ok && dir != ""
	}
}

// machine is what a process may use that has no limits.
func machine() corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewQuantity(int64(runtime.NumCPU()), resource.DecimalSI),
		corev1.ResourceMemory: resource.MustParse("200Gi"),
	}
}
