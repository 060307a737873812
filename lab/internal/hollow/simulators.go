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

// startSimulators starts the simulated kubelet and proxies, and waits for the nodes. The returned
// function waits until both have stopped after ctx ended.
func startSimulators(ctx context.Context, l state.Lab, config Config, g *process.Group, r *egress.Routes, out io.Writer) (func(), error) {
	restConfig, err := clientcmd.BuildConfigFromFlags("", config.Kubeconfig)
	if err != nil {
		return nil, err
	}
	client, err := apiclient.New(restConfig)
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Join(l.LogDir(), "proxies.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the proxies' log: %w", err)
	}
	istiodKubelet := kubelet.New(ctx, kubelet.Options{
		Cluster: client, Routes: r, Processes: g, Image: istiodBinary(l), Dir: filepath.Join(l.Dir, "pods"),
		APIServer: config.apiServerURL(), CA: config.Keys.CAPEM, HostIP: nodeIP, Capacity: machineCapacity(), Log: out,
	})
	proxyManager := proxies.New(ctx, client, r, machineCapacity(), log)
	if err := addHandlers(client, istiodKubelet, proxyManager); err != nil {
		return nil, err
	}
	var watching sync.WaitGroup
	if err := client.Start(ctx, &watching); err != nil {
		return nil, err
	}
	wait := func() {
		watching.Wait()
		istiodKubelet.Wait()
		proxyManager.Wait()
		log.Close()
	}
	return wait, client.WaitForNodes(ctx, config.NodeCount)
}

func addHandlers(client *apiclient.Client, istiodKubelet *kubelet.Kubelet, proxyManager *proxies.Manager) error {
	if err := client.OnPod(istiodKubelet.PodUpdated, istiodKubelet.PodDeleted); err != nil {
		return err
	}
	if err := client.OnPod(proxyManager.PodUpdated, proxyManager.PodDeleted); err != nil {
		return err
	}
	return client.OnNamespace(proxyManager.NamespaceChanged)
}

// istiodBinary returns a function that finds the istiod binary of an image that the lab has built.
func istiodBinary(l state.Lab) func(string) (string, bool) {
	return func(image string) (string, bool) {
		tag, ok := strings.CutPrefix(image, pilotImage)
		dir := l.Parts["istio-"+tag]
		return filepath.Join(dir, "istiod"), ok && dir != ""
	}
}

// machineCapacity returns the limits of a process whose container sets none.
func machineCapacity() corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewQuantity(int64(runtime.NumCPU()), resource.DecimalSI),
		corev1.ResourceMemory: resource.MustParse("200Gi"),
	}
}
