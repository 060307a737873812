// SPDX-License-Identifier: Apache-2.0

package real

import (
	"fmt"

	"github.com/rerig/rerig/lab/internal/component"
)

// prometheus is a process of the node, whose addresses can reach every pod.
func (b boot) prometheus() component.Component {
	config := b.in("prometheus.yaml")
	c := b.service("prometheus", "prometheus",
		"--config.file="+config,
		"--storage.tsdb.path="+b.in("prometheus"),
		"--storage.tsdb.retention.time=1d",
		"--web.listen-address="+prometheusAddr,
	)
	c.Files = []component.File{{Path: config, Content: fmt.Sprintf(scrapes, b.l.Kubeconfig())}}
	return well(c, "http://"+prometheusAddr+"/-/ready", 0)
}

// scrapes finds istiods and proxies as Istio's own sample does
// (istio.io/istio 1.29 samples/addons/prometheus.yaml): by label and by the name of their port.
const scrapes = `global: {scrape_interval: 10s, scrape_timeout: 5s}
scrape_configs:
- job_name: istiod
  kubernetes_sd_configs: &pods
  - {role: pod, kubeconfig_file: %[1]s}
  relabel_configs:
  - {source_labels: [__meta_kubernetes_pod_label_app], regex: istiod, action: keep}
  - {source_labels: [__meta_kubernetes_pod_ip], regex: (.+), target_label: __address__, replacement: "$1:15014"}
  - &namespace {source_labels: [__meta_kubernetes_namespace], target_label: namespace}
  - &pod {source_labels: [__meta_kubernetes_pod_name], target_label: pod}
  - {source_labels: [__meta_kubernetes_pod_label_istio_io_rev], target_label: revision}
- job_name: proxies
  metrics_path: /stats/prometheus
  kubernetes_sd_configs: *pods
  relabel_configs:
  - {source_labels: [__meta_kubernetes_pod_container_port_name], regex: http-envoy-prom, action: keep}
  - {source_labels: [__meta_kubernetes_pod_ip], regex: (.+), target_label: __address__, replacement: "$1:15090"}
  - *namespace
  - *pod
  - {source_labels: [__meta_kubernetes_pod_annotation_istio_io_rev], target_label: revision}
`
