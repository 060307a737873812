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

// dns applies the cluster's name server; nothing waits for it, pods retry.
func (config nodeConfig) dns() component.Component {
	file := config.path("coredns.yaml")
	c := config.kubectl("dns", "apply", "-f", file)
	c.Files = []component.File{{Path: file, Content: strings.ReplaceAll(corednsYAML, "DNS_IP", dnsIP)}}
	return c
}

// prometheus is a process of the node, whose addresses can reach every pod.
// Debian builds it without the discovery of Kubernetes, so a file names its
// targets, which Boot keeps up to date.
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
	return c // nobody has to wait for it
}
