// SPDX-License-Identifier: Apache-2.0

package real

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/rerig/rerig/lab/internal/state"
)

const targetsInterval = 5 * time.Second

// target is one entry of Prometheus' file-based discovery.
type target struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// scrapeTargets returns the istiods and proxies among the pods, selected as in Istio's sample
// (istio.io/istio 1.29 samples/addons/prometheus.yaml).
func scrapeTargets(pods []corev1.Pod) []target {
	all := []target{}
	for _, p := range pods {
		if p.Status.PodIP == "" || p.Status.Phase != corev1.PodRunning {
			continue
		}
		if p.Labels["app"] == "istiod" {
			all = append(all, newTarget(p, "istiod", "15014", "/metrics", p.Labels["istio.io/rev"]))
		}
		if hasProxy(p) {
			all = append(all, newTarget(p, "proxies", "15090", "/stats/prometheus", p.Annotations["istio.io/rev"]))
		}
	}
	return all
}

func hasProxy(p corev1.Pod) bool {
	return slices.ContainsFunc(slices.Concat(p.Spec.InitContainers, p.Spec.Containers), func(c corev1.Container) bool {
		return slices.ContainsFunc(c.Ports, func(port corev1.ContainerPort) bool { return port.Name == "http-envoy-prom" })
	})
}

func newTarget(p corev1.Pod, job, port, path, revision string) target {
	return target{
		Targets: []string{p.Status.PodIP + ":" + port},
		Labels: map[string]string{
			"job": job, "__metrics_path__": path, "namespace": p.Namespace, "pod": p.Name, "revision": revision,
		},
	}
}

// updateTargets writes the targets periodically until ctx ends.
func updateTargets(ctx context.Context, l state.Lab, out io.Writer) error {
	config, err := clientcmd.BuildConfigFromFlags("", l.Kubeconfig())
	if err != nil {
		return fmt.Errorf("read the kubeconfig for Prometheus' targets: %w", err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("create a client for Prometheus' targets: %w", err)
	}
	go func() {
		for {
			// The API server's cache is recent enough.
			pods, err := client.CoreV1().Pods("").List(ctx, metav1.ListOptions{ResourceVersion: "0"})
			if err == nil {
				err = writeTargets(l, scrapeTargets(pods.Items))
			}
			if err != nil && ctx.Err() == nil {
				fmt.Fprintf(out, "write Prometheus' targets: %v\n", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(targetsInterval):
			}
		}
	}()
	return nil
}

// writeTargets replaces the file atomically, because Prometheus may be reading it.
func writeTargets(l state.Lab, all []target) error {
	b, err := json.Marshal(all)
	if err != nil {
		return err
	}
	if err := os.WriteFile(targetsFile(l)+".new", b, 0o644); err != nil {
		return err
	}
	return os.Rename(targetsFile(l)+".new", targetsFile(l))
}

func targetsFile(l state.Lab) string { return filepath.Join(l.Dir, "targets.json") }
