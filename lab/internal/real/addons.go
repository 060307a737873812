// SPDX-License-Identifier: Apache-2.0

package real

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/rerig/rerig/lab/internal/component"
)

//go:embed coredns.yaml
var corednsYAML string

// dns applies the objects of CoreDNS. Nothing waits for it, because pods retry.
func (config nodeConfig) dns() component.Component {
	file := config.path("coredns.yaml")
	c := config.kubectl("dns", "apply", "-f", file)
	c.Files = []component.File{{Path: file, Content: strings.ReplaceAll(corednsYAML, "DNS_IP", dnsIP)}}
	return c
}

// prometheus runs as a process of the node, which reaches every pod. Debian builds it without
// Kubernetes discovery, so Boot maintains a file of targets.
func (b nodeConfig) prometheus() component.Component {
	config := b.path("prometheus.yaml")
	c := b.service("prometheus", "prometheus",
		"--config.file="+config,
		"--storage.tsdb.path="+b.path("prometheus"),
		"--storage.tsdb.retention.time=1d",
		"--web.listen-address="+prometheusAddr,
	)
	c.Files = []component.File{{Path: config, Content: fmt.Sprintf(`global: {scrape_interval: 10s, scrape_timeout: 5s}
scrape_configs:
- job_name: pods
  file_sd_configs:
  - {files: [%s], refresh_interval: 5s}
`, targetsFile(b.lab))}}
	return c // no probe: nothing waits for Prometheus
}
