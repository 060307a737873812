// SPDX-License-Identifier: Apache-2.0

package hollow

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/rerig/rerig/lab/internal/hollow/apiclient"
	"github.com/rerig/rerig/lab/internal/hollow/egress"
	"github.com/rerig/rerig/lab/internal/hollow/kubelet"
	"github.com/rerig/rerig/lab/internal/hollow/proxies"
	"github.com/rerig/rerig/lab/internal/process"
	"github.com/rerig/rerig/lab/internal/state"
)

// pilotImage is the repository of istiod's images.
const pilotImage = "docker.io/lab/pilot:"

// standIn starts the agent and the crowd, and waits for the nodes. What it
// returns waits until both have left, which they do when ctx has ended.
func standIn(ctx context.Context, l state.Lab, b Boot, g *process.Group, r *egress.Routes, say io.Writer) (func(), error) {
	config, err := clientcmd.BuildConfigFromFlags("", b.Kubeconfig)
	if err != nil {
		return nil, err
	}
	cluster, err := apiclient.New(config)
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Join(l.Logs(), "proxies.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the proxies' log: %w", err)
	}
	a := kubelet.New(ctx, kubelet.Settings{
		Cluster: cluster, Routes: r, Processes: g, Image: images(l), Dir: filepath.Join(l.Dir, "pods"),
		Server: b.server(), CA: b.Keys.CAPEM, HostIP: nodeIP, Machine: machine(), Log: say,
	})
	c := proxies.New(ctx, cluster, r, machine(), log)
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

func attend(w *apiclient.Cluster, a *kubelet.Agent, c *proxies.Crowd) error {
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
